locals {
  # Servers take their share of the database's connections: each opens 2 * pool_size + 5 at most, and while a deployment runs there are
  # twice as many servers. Behind a pooler this limit is the pooler's.
  workers = var.worker_tasks
  share   = var.database.pooled ? 100 : floor((var.database.max_connections - 5) / (2 * (var.tasks_max + local.workers)))
  pool    = min(8, floor((local.share - 5) / 2))

  parameters   = var.database.pooled ? "&pooler=transaction" : ""
  database_url = "postgresql://${var.database.address}:5432/mdreader?sslmode=require&pool_size=${local.pool}"

  environment = merge(
    {
      HOST                     = "0.0.0.0"
      PORT                     = tostring(var.port)
      MDREADER_DATA            = "/data"
      PUBLIC_URL               = var.public_url
      MDREADER_TRUSTED_PROXIES = var.network.cidr
      MDREADER_LOG_FORMAT      = "json"
      MDREADER_METRICS         = var.detailed_metrics ? "emf-detailed" : "emf"
      AWS_REGION               = var.region
      DATABASE_URL             = "${local.database_url}${local.parameters}"
      SECRETS_ARN              = var.database.secret_arn
      REDIS_URL                = var.redis_url
      AWS_S3_BUCKET            = var.files.bucket
      CLOUDFRONT_DOMAIN        = var.files.domain
      CLOUDFRONT_KEY_ID        = var.files.key_id
      SNS_TOPIC_ARN            = var.topic_arn
      MAIL_URL                 = "ses:?configuration_set=${var.mail.configuration_set}"
      EMAIL_FROM               = var.mail.from
      SES_EVENTS_QUEUE_URL     = var.mail.queue_url
      JOBS_QUEUE_URL           = var.jobs_queue.url
    },
    var.identity == null ? {} : {
      IDENTITY             = "cognito"
      COGNITO_USER_POOL_ID = var.identity.pool_id
      COGNITO_CLIENT_ID    = var.identity.client_id
      COGNITO_DOMAIN       = var.identity.domain
    },
    var.google_client_id == null ? {} : { GOOGLE_CLIENT_ID = var.google_client_id },
    var.github_client_id == null ? {} : { GITHUB_CLIENT_ID = var.github_client_id },
    var.environment,
  )

  # By their keys in the app's secret: read by ECS at a task's start, in no definition and no state.
  secrets = merge(
    {
      CLOUDFRONT_PRIVATE_KEY = "cloudfront_private_key"
      MDREADER_ORIGIN_SECRET = "origin_secret"
    },
    var.google_client_id == null ? {} : { GOOGLE_CLIENT_SECRET = "google_client_secret" },
    var.github_client_id == null ? {} : { GITHUB_CLIENT_SECRET = "github_client_secret" },
  )

  # What each kind of task runs, and what it adds to the environment.
  kinds = {
    web = {
      command = ["serve"]
      cpu     = var.task_cpu
      memory  = var.task_memory
      role    = aws_iam_role.web.arn
      ports   = [{ containerPort = var.port, hostPort = var.port, protocol = "tcp" }]
      environment = {
        OTEL_SERVICE_NAME   = var.name
        MDREADER_WORKER     = local.workers == 0 ? "embedded" : "off"
        MDREADER_STOP_DELAY = "0" # ECS takes a task out of the load balancer before it stops it
      }
    }
    worker = {
      command     = ["worker"]
      cpu         = var.worker_cpu
      memory      = var.worker_memory
      role        = aws_iam_role.worker.arn
      ports       = []
      environment = { OTEL_SERVICE_NAME = "${var.name}-worker" }
    }
    migrate = {
      command = ["migrate", "--phase", "pre"]
      cpu     = 256
      memory  = 512
      role    = aws_iam_role.migrate.arn
      ports   = []
      # Past a pooler: steps of a migration need a session of their own.
      environment = {
        OTEL_SERVICE_NAME = "${var.name}-migrate"
        DATABASE_URL      = "postgresql://${var.database.direct_address}:5432/mdreader?sslmode=require&pool_size=1"
      }
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = local.kinds
  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = tostring(each.value.cpu)
  memory                   = tostring(each.value.memory)
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = each.value.role

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  # The image's root cannot be written to; these two can, and are gone with the task.
  dynamic "volume" {
    for_each = ["data", "tmp"]
    content {
      name = volume.value
    }
  }

  container_definitions = jsonencode([{
    name                   = "mdreader"
    image                  = "${var.repository_url}:${var.image_tag}"
    essential              = true
    entryPoint             = ["mdreader"]
    command                = each.value.command
    readonlyRootFilesystem = true
    portMappings           = each.value.ports
    stopTimeout            = 30
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    ulimits                = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    mountPoints = [
      { sourceVolume = "data", containerPath = "/data", readOnly = false },
      { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
    ]
    environment = [
      for name, value in merge(local.environment, each.value.environment) : { name = name, value = value } if value != null
    ]
    secrets = [
      for name, key in local.secrets : { name = name, valueFrom = "${aws_secretsmanager_secret.app.arn}:${key}::" }
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = each.key
        # A log service that is slow must not stop people's edits; what does not fit is lost.
        mode            = "non-blocking"
        max-buffer-size = "4m"
      }
    }
  }])

  lifecycle {
    precondition {
      condition     = local.pool >= 1
      error_message = "The database allows ${var.database.max_connections} connections, too few for ${var.tasks_max} servers and ${local.workers} workers while they are replaced: take a larger class, or fewer tasks."
    }
  }
}
