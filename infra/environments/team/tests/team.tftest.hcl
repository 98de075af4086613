# `terraform test` with the real provider and no account: nothing is asked of AWS, everything is planned. What only AWS knows (data, and
# the ARNs that policies name) is given here, so that whole policies can be looked at.

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "aws" {
  alias                       = "us_east_1"
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  domain            = "docs.example.org"
  zone_id           = "Z0123456789ABCDEFGHIJ"
  mail_from         = "mdreader <mdreader@docs.example.org>"
  alarm_emails      = ["ops@example.org"]
  github_repository = "example/mdreader"
  files_public_key  = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
}

override_data {
  target = data.aws_caller_identity.this
  values = { account_id = "111122223333" }
}

override_data {
  target = data.aws_partition.this
  values = { partition = "aws" }
}

override_data {
  target = data.aws_availability_zones.this
  values = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
}

override_data {
  target = data.aws_ec2_managed_prefix_list.cloudfront
  values = { id = "pl-0123456789abcdef0" }
}

override_resource {
  target          = module.key.aws_kms_key.this
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000" }
}

override_resource {
  target          = module.files.aws_s3_bucket.this
  override_during = plan
  values          = { arn = "arn:aws:s3:::mdreader-team-files-111122223333" }
}

override_resource {
  target          = module.files.aws_cloudfront_distribution.this
  override_during = plan
  values          = { arn = "arn:aws:cloudfront::111122223333:distribution/FILES" }
}

override_resource {
  target          = module.registry.aws_ecr_repository.this
  override_during = plan
  values          = { arn = "arn:aws:ecr:eu-central-1:111122223333:repository/mdreader-team", repository_url = "registry/mdreader-team" }
}

override_resource {
  target          = module.notices.aws_sns_topic.this
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-central-1:111122223333:mdreader-team-notices" }
}

override_resource {
  target          = module.mail.module.queue.aws_sqs_queue.this
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-central-1:111122223333:mdreader-team-mail-reports", url = "https://sqs/mail" }
}

override_resource {
  target          = module.jobs_queue.aws_sqs_queue.this
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-central-1:111122223333:mdreader-team-jobs", url = "https://sqs/jobs" }
}

override_resource {
  target          = module.database.aws_db_instance.this
  override_during = plan
  values = {
    address            = "mdreader-team.rds.internal"
    master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1" }]
  }
}

override_resource {
  target          = module.service.aws_secretsmanager_secret.app
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mdreader-team/app" }
}

override_resource {
  target          = module.service.aws_cloudwatch_log_group.this
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/mdreader-team/x" }
}

override_resource {
  target          = module.service.aws_iam_role.execution
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mdreader-team-execution" }
}

override_resource {
  target          = module.service.aws_iam_role.web
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mdreader-team-web" }
}

override_resource {
  target          = module.service.aws_iam_role.worker
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mdreader-team-worker" }
}

override_resource {
  target          = module.service.aws_iam_role.migrate
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mdreader-team-migrate" }
}

override_resource {
  target          = module.pipeline[0].aws_iam_openid_connect_provider.github
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
}

override_resource {
  target          = module.identity[0].aws_cognito_user_pool.this
  override_during = plan
  values          = { id = "eu-central-1_abc", arn = "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_abc" }
}

override_resource {
  target          = module.identity[0].aws_cognito_user_pool_client.this
  override_during = plan
  values          = { id = "client" }
}

override_resource {
  target          = module.files.aws_cloudfront_public_key.this
  override_during = plan
  values          = { id = "KEY" }
}

override_resource {
  target          = module.cache.aws_elasticache_replication_group.this
  override_during = plan
  values          = { primary_endpoint_address = "cache.internal" }
}

override_resource {
  target          = module.audit[0].aws_s3_bucket.this
  override_during = plan
  values          = { arn = "arn:aws:s3:::mdreader-team-audit-111122223333" }
}

run "the_whole" {
  command = plan

  # ---- least privilege ----

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(module.service.policies), [module.pipeline[0].policy, module.key.policy, module.files.policy, module.audit[0].policy]) : [
        for statement in jsondecode(policy).Statement :
        alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*")]) if statement.Effect == "Allow"
      ]
    ]))
    error_message = "A policy allows an action with a wildcard: name each action."
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(module.service.policies), [module.pipeline[0].policy]) : [
        for statement in jsondecode(policy).Statement :
        contains(["Login", "MailAccount", "Definitions"], try(statement.Sid, "")) || !contains(flatten([statement.Resource]), "*")
      ]
    ]))
    error_message = "A role may act on every resource although AWS knows a narrower one."
  }

  assert {
    condition = join(" ", sort(distinct(flatten([
      for policy in ["database", "server", "background"] :
      [for statement in jsondecode(module.service.policies[policy]).Statement : statement.Action]
      ])))) == join(" ", [
      "cognito-idp:AdminGetUser", "cognito-idp:AdminSetUserPassword", "cognito-idp:AdminUpdateUserAttributes",
      "cognito-idp:AdminUserGlobalSignOut", "cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPoolClient",
      "kms:Decrypt", "kms:GenerateDataKey", "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetBucketCORS", "s3:GetBucketPublicAccessBlock",
      "s3:GetObject", "s3:ListBucket", "s3:ListMultipartUploadParts", "s3:PutObject", "secretsmanager:GetSecretValue", "ses:GetAccount",
      "ses:GetEmailIdentity", "ses:SendEmail", "ses:SendRawEmail", "sns:Publish", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage", "sqs:SendMessage",
    ])
    error_message = "Servers and workers may do something else than what src/mdreader/adapters calls and `mdreader doctor --cloud` tries out: ${join(" ", sort(distinct(flatten([for policy in ["database", "server", "background"] : [for statement in jsondecode(module.service.policies[policy]).Statement : statement.Action]]))))}"
  }

  assert {
    condition     = !strcontains(module.service.policies.server, "ses:Send") && !strcontains(module.service.policies.server, "sqs:ReceiveMessage")
    error_message = "Servers send no mail and read no queue while workers do."
  }

  assert {
    condition     = jsondecode(module.pipeline[0].trust).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:example/mdreader:environment:team"
    error_message = "The role of the pipeline is for one repository and one environment of it."
  }

  assert {
    condition = [
      for statement in jsondecode(module.files.policy).Statement : flatten([statement.Resource]) if statement.Effect == "Allow"
    ] == [["arn:aws:s3:::mdreader-team-files-111122223333/documents/*", "arn:aws:s3:::mdreader-team-files-111122223333/attachments/*"]]
    error_message = "CloudFront may read documents and attachments, and nothing else."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(module.files.policy).Statement :
      statement.Effect == "Deny" && strcontains(jsonencode(statement.Resource), "/backups/*") && strcontains(jsonencode(statement.Principal), "cloudfront")
    ])
    error_message = "Backups are never served."
  }

  # ---- no secret where it can be read ----

  assert {
    condition = alltrue([
      for kind, definition in module.service.containers : alltrue([
        for variable in jsondecode(definition)[0].environment : !can(regex("SECRET$|PRIVATE_KEY|PASSWORD|_TOKEN$", variable.name))
      ])
    ])
    error_message = "A secret stands in a task's environment instead of in its secrets."
  }

  assert {
    condition     = alltrue([for definition in values(module.service.containers) : !can(regex("postgresql://[^/]*@", definition))])
    error_message = "DATABASE_URL holds no user and no password: they come from the secret that RDS keeps."
  }

  assert {
    condition = toset([for secret in jsondecode(module.service.containers.web)[0].secrets : secret.name]) == toset([
      "CLOUDFRONT_PRIVATE_KEY", "MDREADER_ORIGIN_SECRET",
    ])
    error_message = "The app's secret brings the key of downloads and the proof of the way in."
  }

  # ---- what the containers are ----

  assert {
    condition = alltrue([
      for definition in values(module.service.containers) :
      jsondecode(definition)[0].readonlyRootFilesystem && jsondecode(definition)[0].linuxParameters.capabilities.drop == ["ALL"]
    ])
    error_message = "Containers have a read-only root and no capabilities."
  }

  assert {
    condition = [for kind in ["web", "worker", "migrate"] : jsondecode(module.service.containers[kind])[0].command] == [
      ["serve"], ["worker"], ["migrate", "--phase", "pre"],
    ]
    error_message = "Servers, workers and the migration run what they are for."
  }

  assert {
    condition = alltrue([
      for name, value in {
        MDREADER_METRICS = "emf", MDREADER_WORKER = "off", REDIS_URL = "rediss://cache.internal:6379/0", PUBLIC_URL = "https://docs.example.org",
        IDENTITY         = "cognito", MDREADER_SIGNUP = "closed", OTEL_SERVICE_NAME = "mdreader-team"
      } : contains([for variable in jsondecode(module.service.containers.web)[0].environment : variable.value if variable.name == name], value)
    ])
    error_message = "A setting of the servers is missing or not what it should be."
  }

  assert {
    condition     = (2 * 8 + 5) >= (2 * module.service.pool_size + 5) && 2 * 11 * (2 * module.service.pool_size + 5) <= module.database.max_connections
    error_message = "All servers and workers, twice while they are replaced, need more connections than the database allows."
  }

  # ---- alarms ----

  assert {
    condition = alltrue([
      for key, threshold in {
        error-rate                              = 5, server-errors = 1, latency = 1, web-cpu = 80, worker-cpu = 80, database-cpu = 80, web-memory = 85,
        worker-memory                           = 85, database-memory = 85, database-connections = 176, database-disk = 80, commit-lag = 0.5, delivery-lag = 0.25,
        mdreader-team-001-memory                = 85, mdreader-team-001-cpu = 80, jobs-waiting = 300, unhealthy = 0,
        mdreader-team-mail-reports-dead-letters = 0, mdreader-team-jobs-dead-letters = 0
      } : module.alarms.alarms[key].threshold == threshold
    ])
    error_message = "An alarm is missing, or has another threshold."
  }

  assert {
    condition = alltrue([
      for key, metrics in {
        error-rate           = ["HTTPCode_ELB_5XX_Count", "HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count", "RequestCount"]
        server-errors        = ["HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count", "RequestCount"]
        latency              = ["TargetResponseTime"]
        unhealthy            = ["UnHealthyHostCount"]
        web-cpu              = ["CPUUtilization"]
        web-memory           = ["MemoryUtilization"]
        worker-cpu           = ["CPUUtilization"]
        worker-memory        = ["MemoryUtilization"]
        database-cpu         = ["CPUUtilization"]
        database-memory      = ["FreeableMemory"]
        database-connections = ["DatabaseConnections"]
        database-disk        = ["FreeStorageSpace"]
        commit-lag           = ["commit_seconds_p95"]
        delivery-lag         = ["delivery_lag_seconds_p95"]
        jobs-waiting         = ["jobs_oldest_waiting_seconds"]
      } : module.alarms.alarms[key].metrics == tolist(metrics)
    ]) && alltrue([for key, alarm in module.alarms.alarms : !endswith(key, "dead-letters") || alarm.metrics == tolist(["ApproximateNumberOfMessagesVisible"])])
    error_message = "An alarm looks at something else."
  }

  assert {
    condition = (
      module.alarms.alarms.error-rate.expression == "IF(requests > 50, 100 * (FILL(client, 0) + FILL(server, 0) + FILL(no_server, 0)) / requests, 0)"
      && module.alarms.alarms.server-errors.expression == "IF(requests > 50, 100 * (FILL(server, 0) + FILL(no_server, 0)) / requests, 0)"
      && module.alarms.alarms.database-memory.expression == "100 * (1 - free / 2147483648)" && module.alarms.alarms.database-disk.expression == "100 * (1 - free / 21474836480)"
    )
    error_message = "A share is taken of something else: of requests, of 2 GiB of memory, of 20 GB of disk."
  }

  assert {
    condition = toset(module.alarms.graphs) == toset([
      "Open sockets", "Commit and delivery, p95 (s)", "Requests", "Answers, p95 (s)", "Servers", "CPU and memory of tasks (%)", "Database", "Jobs",
    ]) && output.dashboard == "mdreader-team"
    error_message = "The dashboard shows what is alarmed on."
  }

  assert {
    condition     = alltrue([for alarm in values(module.alarms.alarms) : one(alarm.actions) == "arn:aws:sns:eu-central-1:111122223333:mdreader-team-notices"])
    error_message = "An alarm tells nobody."
  }

  # ---- network ----

  assert {
    condition     = length(module.api_gateway) == 0 && length(module.firewall) == 1 && length(module.audit) == 1
    error_message = "API Gateway is off unless it is asked for; WAF and the trail are on."
  }

  assert {
    condition     = length(module.network.routes.isolated) == 0 && !module.network.routes.mapped && module.network.routes.gateways == 0
    error_message = "Database and cache have no route, no subnet hands out addresses by itself, and there is no NAT unless it is asked for."
  }

  assert {
    condition     = var.log_days == 30 && !var.database_multi_az && var.tasks_min == 1 && var.tasks_max == 10 && var.database_backup_days == 7
    error_message = "Logs of 30 days, one zone of the database, 1 to 10 servers, 7 days of backups, unless something else is asked for."
  }

  assert {
    condition     = output.task_public_address == "ENABLED" && output.url == "https://docs.example.org"
    error_message = "Without NAT tasks need an address of their own to reach AWS."
  }
}

# ---- private tasks, and whatever else is off by default ----

run "way_out_by_nat" {
  command = plan
  variables {
    nat              = "gateway"
    identity         = "embedded"
    google_client_id = "google"
    github_client_id = "github"
    worker_tasks     = 0
  }

  assert {
    condition     = module.network.routes.gateways == 1 && output.task_public_address == "DISABLED" && length(module.network.routes.isolated) == 0
    error_message = "A NAT gateway, and tasks without addresses of their own."
  }
  assert {
    condition = length(module.identity) == 0 && alltrue([
      for name, value in { GOOGLE_CLIENT_ID = "google", GITHUB_CLIENT_ID = "github", MDREADER_WORKER = "embedded" } :
      contains([for variable in jsondecode(module.service.containers.web)[0].environment : variable.value if variable.name == name], value)
      ]) && length(setintersection(
      toset([for secret in jsondecode(module.service.containers.web)[0].secrets : secret.name]), ["GOOGLE_CLIENT_SECRET", "GITHUB_CLIENT_SECRET"]
    )) == 2
    error_message = "Google and GitHub sign people in where mdreader keeps the accounts, with secrets of the app's secret."
  }
  assert {
    condition     = strcontains(module.service.policies.background, "ses:SendEmail") && !contains(keys(output.services), "worker")
    error_message = "Without workers the servers do their work."
  }
}

run "way_out_by_endpoints" {
  command = plan
  variables {
    nat         = "endpoints"
    api_gateway = true
  }

  assert {
    condition     = module.network.routes.gateways == 0 && output.task_public_address == "DISABLED" && length(module.network.routes.isolated) == 0
    error_message = "No NAT gateway, and tasks without addresses of their own."
  }
  assert {
    condition     = length(module.api_gateway) == 1
    error_message = "API Gateway is there when it is asked for."
  }
}

run "values_that_cannot_work_are_refused" {
  command = plan
  variables {
    task_cpu          = 300
    nat               = "maybe"
    environment       = { GOOGLE_CLIENT_SECRET = "x" }
    files_public_key  = "-----BEGIN PRIVATE KEY-----"
    api_gateway_paths = ["/api/*"]
    github_client_id  = "x"
    cognito_mail      = "smtp"
    worker_tasks      = -1
    tasks_max         = 0
    zones             = 1
    zone_id           = "example.org"
    domain            = "https://docs.example.org"
    name              = "MD"
    region            = "Frankfurt"
    log_days          = 31
  }
  expect_failures = [
    var.task_cpu, var.nat, var.environment, var.files_public_key, var.api_gateway_paths, var.github_client_id,
    var.cognito_mail, var.worker_tasks, var.tasks_max, var.zones, var.zone_id, var.domain, var.name, var.region, var.log_days,
  ]
}
