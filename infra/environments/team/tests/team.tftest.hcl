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
    condition     = output.task_public_address == "ENABLED" && output.url == "https://docs.example.org"
    error_message = "Without NAT tasks need an address of their own to reach AWS."
  }
}

# ---- what single modules are made of, with the values that the environment gives them by default ----

run "database_at_rest_on_the_way_and_put_back" {
  command = plan
  module {
    source = "../../modules/database"
  }
  variables {
    name                   = "mdreader-team"
    vpc_id                 = "vpc-1"
    subnet_ids             = ["subnet-1", "subnet-2"]
    task_security_group_id = "sg-tasks"
    key_arn                = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    error_message = "The database's disk is encrypted with our key."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "The database has no public address."
  }
  assert {
    condition     = contains([for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"], "rds.force_ssl=1")
    error_message = "The database refuses connections without TLS."
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null && aws_db_instance.this.password_wo == null
    error_message = "RDS makes and keeps the password; Terraform knows none."
  }
  assert {
    condition     = aws_secretsmanager_secret_rotation.master.rotation_rules[0].automatically_after_days == 30
    error_message = "The password is rotated."
  }
  assert {
    condition = (
      aws_db_instance.this.engine == "postgres" && startswith(aws_db_instance.this.engine_version, "16.")
      && aws_db_instance.this.storage_type == "gp3" && aws_db_instance.this.allocated_storage == 20 && aws_db_instance.this.max_allocated_storage == 100
    )
    error_message = "PostgreSQL 16 on gp3, from 20 to 100 GB."
  }
  assert {
    condition = (
      aws_db_instance.this.backup_retention_period == 7 && aws_db_instance.this.performance_insights_enabled && aws_db_instance.this.deletion_protection
      && !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.multi_az
    )
    error_message = "Seven days of backups, Performance Insights, a last snapshot; a second zone only when asked."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.tasks.referenced_security_group_id == "sg-tasks" && aws_vpc_security_group_ingress_rule.tasks.cidr_ipv4 == null
    error_message = "Tasks alone reach the database."
  }
}

run "cache_at_rest_and_on_the_way" {
  command = plan
  module {
    source = "../../modules/cache"
  }
  variables {
    name                   = "mdreader-team"
    vpc_id                 = "vpc-1"
    subnet_ids             = ["subnet-1", "subnet-2"]
    task_security_group_id = "sg-tasks"
    key_arn                = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  assert {
    condition = (
      aws_elasticache_replication_group.this.engine == "valkey" && aws_elasticache_replication_group.this.at_rest_encryption_enabled == "true"
      && aws_elasticache_replication_group.this.transit_encryption_enabled && aws_elasticache_replication_group.this.transit_encryption_mode == "required"
    )
    error_message = "Valkey, encrypted at rest and on the way."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.auth_token == null
    error_message = "A password of the cache would stand in the state."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.tasks.referenced_security_group_id == "sg-tasks" && aws_vpc_security_group_ingress_rule.tasks.cidr_ipv4 == null
    error_message = "Tasks alone reach the cache."
  }
}

run "load_balancer_for_cloudfront_alone" {
  command = plan
  module {
    source = "../../modules/load_balancer"
  }
  variables {
    name                      = "mdreader-team"
    vpc_id                    = "vpc-1"
    subnet_ids                = ["subnet-1", "subnet-2"]
    task_security_group_id    = "sg-tasks"
    cloudfront_prefix_list_id = "pl-1"
    certificate_arn           = "arn:aws:acm:eu-central-1:111122223333:certificate/1"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.cloudfront.prefix_list_id == "pl-1" && aws_vpc_security_group_ingress_rule.cloudfront.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.cloudfront.from_port == 443
    error_message = "CloudFront's addresses alone reach the load balancer, by TLS alone."
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.more) == 0
    error_message = "Nobody else reaches it."
  }
  assert {
    condition     = aws_lb_listener.https.protocol == "HTTPS" && strcontains(aws_lb_listener.https.ssl_policy, "TLS13") && aws_lb_listener.https.default_action[0].fixed_response[0].status_code == "403"
    error_message = "TLS 1.2 or newer, and nothing for whoever does not come through CloudFront."
  }
  assert {
    condition     = one(one(aws_lb_listener_rule.through_cloudfront.condition).http_header).http_header_name == "x-mdreader-origin"
    error_message = "The header of CloudFront is asked for."
  }
  assert {
    condition     = aws_lb_target_group.web.deregistration_delay == "30" && aws_lb_target_group.web.health_check[0].path == "/api/health"
    error_message = "A leaving task drains, and a failing database does not replace every task."
  }
  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.xff_header_processing_mode == "preserve" && length(aws_lb.this.access_logs) == 0
    error_message = "The client's address is CloudFront's word, and no log holds tickets."
  }
}

run "files_private_and_signed" {
  command = plan
  module {
    source = "../../modules/files"
  }
  variables {
    name            = "mdreader-team"
    bucket_name     = "mdreader-team-files-111122223333"
    domain          = "files.docs.example.org"
    certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/1"
    key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    public_key      = var.files_public_key
    allowed_origins = ["https://docs.example.org"]
    price_class     = "PriceClass_100"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Nothing in the bucket is for the public."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled" && one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    error_message = "The bucket keeps versions and is encrypted with our key."
  }
  assert {
    condition = alltrue([
      for id in ["incomplete-uploads", "old-versions", "attachments-tiering", "backups-tiering"] :
      contains([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id if rule.status == "Enabled"], id)
    ])
    error_message = "Incomplete uploads, old versions and what is seldom read have a rule."
  }
  assert {
    condition     = one(flatten([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.noncurrent_version_expiration[*].noncurrent_days])) == 90
    error_message = "Old versions are gone after 90 days."
  }
  assert {
    condition     = { for key, policy in aws_cloudfront_cache_policy.this : key => policy.default_ttl } == { documents = 3600, attachments = 86400 }
    error_message = "Documents are kept for an hour, attachments for a day."
  }
  assert {
    condition     = [for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : behavior.path_pattern] == ["/attachments/*", "/documents/*"]
    error_message = "Documents and attachments are served, and nothing else."
  }
  assert {
    condition = alltrue([
      for behavior in concat(aws_cloudfront_distribution.this.default_cache_behavior, aws_cloudfront_distribution.this.ordered_cache_behavior) :
      behavior.viewer_protocol_policy == "https-only"
    ]) && aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "Downloads go by TLS alone."
  }
  assert {
    condition     = aws_cloudfront_origin_access_control.this.signing_behavior == "always"
    error_message = "CloudFront shows the bucket who it is."
  }
}

run "service_scales_and_rolls_back" {
  command = plan
  module {
    source = "../../modules/service"
  }
  variables {
    name                 = "mdreader-team"
    region               = "eu-central-1"
    account_id           = "111122223333"
    partition            = "aws"
    key_arn              = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    public_url           = "https://docs.example.org"
    repository_url       = "registry/mdreader-team"
    repository_arn       = "arn:aws:ecr:eu-central-1:111122223333:repository/mdreader-team"
    image_tag            = "first"
    target_group_arn     = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/x/1"
    redis_url            = "rediss://cache.internal:6379/0"
    topic_arn            = "arn:aws:sns:eu-central-1:111122223333:x"
    jobs_queue           = { url = "https://sqs/jobs", arn = "arn:aws:sqs:eu-central-1:111122223333:x" }
    task_cpu             = 256
    task_memory          = 512
    tasks_min            = 1
    tasks_max            = 10
    connections_per_task = 500
    worker_tasks         = 1
    network              = { subnet_ids = ["subnet-1"], security_group_id = "sg-tasks", public_addresses = true, cidr = "10.20.0.0/16" }
    database             = { address = "db", direct_address = "db", secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:x", max_connections = 220, pooled = false }
    files                = { bucket = "b", bucket_arn = "arn:aws:s3:::b", domain = "files.docs.example.org", key_id = "KEY" }
    mail = {
      from                  = "a@b.org", from_address = "a@b.org", identity_arn = "arn:aws:ses:eu-central-1:111122223333:identity/b.org", configuration_set = "x",
      configuration_set_arn = "arn:aws:ses:eu-central-1:111122223333:configuration-set/x", queue_url = "https://sqs/mail", queue_arn = "arn:aws:sqs:eu-central-1:111122223333:y"
    }
  }

  assert {
    condition = (
      aws_ecs_task_definition.this["web"].cpu == "256" && aws_ecs_task_definition.this["web"].memory == "512"
      && alltrue([for definition in aws_ecs_task_definition.this : definition.runtime_platform[0].cpu_architecture == "ARM64"])
    )
    error_message = "A quarter of an ARM CPU and 512 MB."
  }
  assert {
    condition     = aws_appautoscaling_target.web.min_capacity == 1 && aws_appautoscaling_target.web.max_capacity == 10
    error_message = "From 1 to 10 servers."
  }
  assert {
    condition     = aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].target_value == 70
    error_message = "Servers are added at 70 % of the CPU."
  }
  assert {
    condition = (
      aws_appautoscaling_policy.connections.target_tracking_scaling_policy_configuration[0].target_value == 500
      && anytrue([
        for metric in one(aws_appautoscaling_policy.connections.target_tracking_scaling_policy_configuration[0].customized_metric_specification).metrics :
        metric.expression == "everybody / tasks" && metric.return_data
      ])
    )
    error_message = "Servers are added by their open sockets."
  }
  assert {
    condition     = aws_ecs_service.web.deployment_circuit_breaker[0].enable && aws_ecs_service.web.deployment_circuit_breaker[0].rollback && aws_ecs_service.worker[0].deployment_circuit_breaker[0].rollback
    error_message = "A deployment that fails is taken back."
  }
  assert {
    condition     = aws_ecs_service.web.deployment_minimum_healthy_percent == 100
    error_message = "New servers are there before old ones go."
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 30 && group.kms_key_id == "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"])
    error_message = "Logs are kept for 30 days, encrypted."
  }
}

run "accounts_in_cognito" {
  command = plan
  module {
    source = "../../modules/identity"
  }
  variables {
    name                = "mdreader-team"
    region              = "eu-central-1"
    public_url          = "https://docs.example.org"
    domain_prefix       = "mdreader-team-111122223333"
    signup              = false
    tier                = "ESSENTIALS"
    deletion_protection = true
  }

  assert {
    condition     = aws_cognito_user_pool.this.password_policy[0].minimum_length == 12 && contains(aws_cognito_user_pool.this.auto_verified_attributes, "email")
    error_message = "Long passwords and confirmed addresses."
  }
  assert {
    condition     = aws_cognito_user_pool.this.mfa_configuration == "OPTIONAL" && aws_cognito_user_pool.this.software_token_mfa_configuration[0].enabled
    error_message = "An authenticator app for who wants one."
  }
  assert {
    condition     = !aws_cognito_user_pool.this.username_configuration[0].case_sensitive
    error_message = "Ada@example.org and ada@example.org are one person."
  }
  assert {
    condition     = !aws_cognito_user_pool_client.this.generate_secret && aws_cognito_user_pool_client.this.prevent_user_existence_errors == "ENABLED" && aws_cognito_user_pool_client.this.enable_token_revocation && aws_cognito_user_pool_client.this.access_token_validity == 15
    error_message = "No client secret in the state, no names told to strangers, tokens of 15 minutes that can be taken back."
  }
  assert {
    condition     = toset(aws_cognito_user_pool_client.this.explicit_auth_flows) == toset(["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    error_message = "The ways in that the server uses, and no others."
  }
}

# ---- what is asked for, and what is refused ----

run "api_gateway_when_asked" {
  command = plan
  module {
    source = "../../modules/api_gateway"
  }
  variables {
    name                            = "mdreader-team"
    vpc_id                          = "vpc-1"
    subnet_ids                      = ["subnet-1", "subnet-2"]
    load_balancer_security_group_id = "sg-lb"
    listener_arn                    = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/x/1/2"
    origin_domain                   = "origin.docs.example.org"
    key_arn                         = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    requests_per_second             = 200
  }

  assert {
    condition     = aws_apigatewayv2_api.this.protocol_type == "HTTP" && aws_apigatewayv2_integration.this.connection_type == "VPC_LINK"
    error_message = "An HTTP API through a VPC link: its WebSocket API would close our frames."
  }
  assert {
    condition     = aws_apigatewayv2_integration.this.tls_config[0].server_name_to_verify == "origin.docs.example.org"
    error_message = "API Gateway checks whom it talks to."
  }
  assert {
    condition     = !strcontains(aws_apigatewayv2_stage.this.access_log_settings[0].format, "uery") && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 200
    error_message = "It throttles, and logs no query."
  }
}

run "edge_with_api_gateway" {
  command = plan
  module {
    source = "../../modules/edge"
  }
  variables {
    name            = "mdreader-team"
    origin_domain   = "origin.docs.example.org"
    certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/1"
    web_acl_arn     = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/x/1"
    price_class     = "PriceClass_100"
    api             = { domain = "abc.execute-api.eu-central-1.amazonaws.com", paths = ["/api/me*"] }
  }

  assert {
    condition     = [for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : "${behavior.path_pattern} ${behavior.target_origin_id}"] == ["/assets/* servers", "/api/me* api"]
    error_message = "API Gateway has its paths, and the servers everything else."
  }
  assert {
    condition     = aws_cloudfront_distribution.this.web_acl_id == "arn:aws:wafv2:us-east-1:111122223333:global/webacl/x/1"
    error_message = "WAF looks at everything before it comes in."
  }
  assert {
    condition = alltrue([
      for origin in aws_cloudfront_distribution.this.origin : one(origin.custom_origin_config).origin_protocol_policy == "https-only" && length(origin.custom_header) == 0
    ])
    error_message = "CloudFront reaches origins by TLS, and no header of its own stands in the state."
  }
  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https" && aws_cloudfront_cache_policy.none.max_ttl == 0
    error_message = "People come by TLS, and nothing of theirs is kept."
  }
  assert {
    condition     = strcontains(aws_cloudfront_function.origin[0].code, "headers['x-mdreader-origin'] = ") && aws_cloudfront_function.origin[0].publish
    error_message = "The function replaces the header."
  }
}

run "private_tasks_with_nat" {
  command = plan
  module {
    source = "../../modules/network"
  }
  variables {
    name               = "mdreader-team"
    region             = "eu-central-1"
    account_id         = "111122223333"
    cidr               = "10.20.0.0/16"
    availability_zones = ["eu-central-1a", "eu-central-1b"]
    nat                = "gateway"
    key_arn            = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_subnet.private) == 2 && !output.tasks_have_public_addresses
    error_message = "One NAT gateway for tasks in private subnets."
  }
  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group lets nothing through."
  }
  assert {
    condition     = aws_flow_log.refused.traffic_type == "REJECT"
    error_message = "What was turned away is recorded."
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
