# One cell, with the real provider and no account; what is the same as in the team size is tested there.

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "aws" {
  alias                       = "copy"
  region                      = "eu-west-1"
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
  cell              = "eu"
  cells             = [{ name = "eu", url = "https://eu.docs.example.org" }, { name = "us", url = "https://us.docs.example.org" }]
  region            = "eu-central-1"
  copy_region       = "eu-west-1"
  domain            = "eu.docs.example.org"
  zone_id           = "Z0123456789ABCDEFGHIJ"
  mail_from         = "mdreader <mdreader@docs.example.org>"
  alarm_emails      = ["ops@example.org"]
  github_repository = "example/mdreader"
  files_public_key  = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
  database_password = "0123456789abcdef0123456789abcdef"
  entry_domain      = "docs.example.org"
  entry_load_balancers = {
    eu-central-1 = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/mdreader-eu/1"
    us-east-1    = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/mdreader-us/1"
  }
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
  target = data.aws_availability_zones.copy
  values = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
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
  values          = { arn = "arn:aws:s3:::mdreader-eu-files-111122223333" }
}

override_resource {
  target          = module.registry.aws_ecr_repository.this
  override_during = plan
  values          = { arn = "arn:aws:ecr:eu-central-1:111122223333:repository/mdreader-eu", repository_url = "registry/mdreader-eu" }
}

override_resource {
  target          = module.notices.aws_sns_topic.this
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-central-1:111122223333:mdreader-eu-notices" }
}

override_resource {
  target          = module.mail.module.queue.aws_sqs_queue.this
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-central-1:111122223333:mdreader-eu-mail-reports", url = "https://sqs/mail" }
}

override_resource {
  target          = module.jobs_queue.aws_sqs_queue.this
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-central-1:111122223333:mdreader-eu-jobs", url = "https://sqs/jobs" }
}

override_resource {
  target          = module.database.aws_db_proxy.this
  override_during = plan
  values          = { endpoint = "proxy.internal" }
}

override_resource {
  target          = module.database.aws_rds_cluster.this
  override_during = plan
  values          = { endpoint = "writer.internal", id = "mdreader-eu", cluster_identifier = "mdreader-eu" }
}

override_resource {
  target          = module.database.aws_secretsmanager_secret.this
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mdreader-eu/database" }
}

override_resource {
  target          = module.service.aws_secretsmanager_secret.app
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mdreader-eu/app" }
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
  values          = { configuration_endpoint_address = "cache.internal" }
}

run "a_cell" {
  command = plan

  assert {
    condition = alltrue([
      for name, value in {
        MDREADER_CELL  = "eu"
        REDIS_URL      = "rediss://cache.internal:6379/0?cluster=true"
        MDREADER_CELLS = "eu=https://eu.docs.example.org, us=https://us.docs.example.org"
        DATABASE_URL   = "postgresql://proxy.internal:5432/mdreader?sslmode=require&pool_size=8&pooler=transaction"
      } : contains([for variable in jsondecode(module.service.containers.web)[0].environment : variable.value if variable.name == name], value)
    ])
    error_message = "Servers know their cell and go to the database by the proxy."
  }

  assert {
    condition     = contains([for variable in jsondecode(module.service.containers.migrate)[0].environment : variable.value if variable.name == "DATABASE_URL"], "postgresql://writer.internal:5432/mdreader?sslmode=require&pool_size=1")
    error_message = "A migration goes to the writer itself."
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(module.service.policies), [module.database.policy]) : [
        for statement in jsondecode(policy).Statement : alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*")])
      ]
    ]))
    error_message = "A policy allows an action with a wildcard: name each action."
  }

  assert {
    condition     = toset(keys(module.alarms.alarms)) == toset(concat(keys(module.alarms.alarms), ["database-capacity", "database-connections", "database-cpu", "error-rate", "server-errors", "latency", "commit-lag", "web-cpu", "web-memory", "mdreader-eu-0001-002-memory", "mdreader-eu-jobs-dead-letters"]))
    error_message = "An alarm is missing."
  }

  assert {
    condition     = alltrue([for alarm in values(module.alarms.alarms) : one(alarm.actions) == "arn:aws:sns:eu-central-1:111122223333:mdreader-eu-notices"])
    error_message = "An alarm tells nobody."
  }

  assert {
    condition     = aws_route53_record.entry_origin[0].name == "origin.docs.example.org" && module.entry[0].key_value_store_arn == null
    error_message = "The common name leads to the accelerator, and proves nothing to anybody."
  }

  assert {
    condition     = var.tasks_min == 2 && var.tasks_max == 1000 && var.database_acu_min == 0.5 && var.database_acu_max == 128 && var.database_readers_min == 1 && var.database_readers_max == 1 && var.cache_shards == 1
    error_message = "2 to 1,000 servers, 0.5 to 128 ACU, one reader that takes over, a cache in cluster mode."
  }

  assert {
    condition = (
      alltrue([for key, threshold in { error-rate = 5, server-errors = 1, latency = 1, database-cpu = 80, database-connections = 1600, database-capacity = 80, web-memory = 85, commit-lag = 0.5 } : module.alarms.alarms[key].threshold == threshold])
      && module.alarms.alarms.database-capacity.metrics == tolist(["ACUUtilization"]) && module.alarms.alarms.database-connections.metrics == tolist(["DatabaseConnections"])
    )
    error_message = "An alarm has another threshold, or looks at something else."
  }

  assert {
    condition     = length(module.network.routes.isolated) == 0 && length(module.copy_network.routes.isolated) == 0
    error_message = "Neither the database nor its copy has a route."
  }
}

run "values_that_cannot_work_are_refused" {
  command = plan
  variables {
    cell              = "Europe"
    copy_region       = "eu-central-1"
    tasks_min         = 1
    database_password = "short"
    entry_domain      = null
  }
  expect_failures = [var.cell, var.copy_region, var.tasks_min, var.database_password, var.entry_load_balancers]
}
