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
    condition     = length(module.network.routes.isolated) == 0 && length(module.copy_network.routes.isolated) == 0
    error_message = "Neither the database nor its copy has a route."
  }
}

run "files_are_copied_elsewhere" {
  command = plan
  module {
    source = "../../modules/files"
  }
  variables {
    name            = "mdreader-eu"
    bucket_name     = "mdreader-eu-files-111122223333"
    domain          = "files.eu.docs.example.org"
    certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/1"
    key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    public_key      = var.files_public_key
    allowed_origins = ["https://eu.docs.example.org"]
    price_class     = "PriceClass_100"
    copy = {
      bucket_arn = "arn:aws:s3:::mdreader-eu-files-copy-111122223333"
      key_arn    = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-1111-1111-111111111111"
      account_id = "111122223333"
    }
  }

  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this["copy"].rule[0].status == "Enabled"
      && aws_s3_bucket_replication_configuration.this["copy"].rule[0].destination[0].bucket == "arn:aws:s3:::mdreader-eu-files-copy-111122223333"
      && aws_s3_bucket_replication_configuration.this["copy"].rule[0].destination[0].encryption_configuration[0].replica_kms_key_id == "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-1111-1111-111111111111"
    )
    error_message = "Every file is copied to the other region, under that region's key."
  }
}

run "cache_in_cluster_mode" {
  command = plan
  module {
    source = "../../modules/cache"
  }
  variables {
    name                   = "mdreader-eu"
    vpc_id                 = "vpc-1"
    subnet_ids             = ["subnet-1", "subnet-2"]
    task_security_group_id = "sg-tasks"
    key_arn                = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    shards                 = 2
    replicas               = 1
  }

  assert {
    condition = (
      aws_elasticache_replication_group.this.cluster_mode == "enabled" && aws_elasticache_replication_group.this.num_node_groups == 2
      && aws_elasticache_replication_group.this.replicas_per_node_group == 1 && aws_elasticache_replication_group.this.automatic_failover_enabled
      && aws_elasticache_replication_group.this.multi_az_enabled && aws_elasticache_replication_group.this.transit_encryption_mode == "required"
    )
    error_message = "Shards with a copy each in another zone, encrypted on the way."
  }
}

run "aurora_grows_and_forgets_its_password" {
  command = plan
  module {
    source = "../../modules/aurora"
  }
  variables {
    name                   = "mdreader-eu"
    account_id             = "111122223333"
    partition              = "aws"
    vpc_id                 = "vpc-1"
    vpc_cidr               = "10.20.0.0/16"
    subnet_ids             = ["subnet-1", "subnet-2"]
    task_security_group_id = "sg-tasks"
    key_arn                = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    acu_min                = 0.5
    acu_max                = 128
    readers_min            = 1
    readers_max            = 15
    password               = "0123456789abcdef0123456789abcdef"
    password_version       = 1
    password_rotation_days = 30
    backup_days            = 7
    log_days               = 30
    deletion_protection    = true
  }

  assert {
    condition     = aws_rds_cluster.this.serverlessv2_scaling_configuration[0].min_capacity == 0.5 && aws_rds_cluster.this.serverlessv2_scaling_configuration[0].max_capacity == 128
    error_message = "From 0.5 to 128 ACU."
  }
  assert {
    condition     = length(aws_rds_cluster_instance.this) == 2 && alltrue([for one in aws_rds_cluster_instance.this : one.instance_class == "db.serverless" && !one.publicly_accessible && one.performance_insights_enabled])
    error_message = "A writer and a reader, serverless, without public addresses."
  }
  assert {
    condition     = aws_appautoscaling_target.readers.max_capacity == 15 && aws_appautoscaling_policy.readers.target_tracking_scaling_policy_configuration[0].target_value == 70
    error_message = "Readers come with the load."
  }
  assert {
    condition     = aws_rds_cluster.this.storage_encrypted && aws_rds_global_cluster.this.storage_encrypted && contains([for p in aws_rds_cluster_parameter_group.this.parameter : "${p.name}=${p.value}"], "rds.force_ssl=1") && aws_db_proxy.this.require_tls
    error_message = "Encrypted at rest, and on the way to proxy and database."
  }
  assert {
    condition     = aws_rds_cluster.this.master_password == null && aws_rds_cluster.this.master_password_wo == null && aws_secretsmanager_secret_version.this.secret_string_wo == null
    error_message = "The password is in no plan and no state."
  }
  assert {
    condition     = aws_secretsmanager_secret_rotation.this.rotate_immediately && aws_secretsmanager_secret_rotation.this.rotation_rules[0].automatically_after_days == 30
    error_message = "The password is changed at once, and then each month."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.this : rule.cidr_ipv4 == null && rule.from_port == 5432]) && aws_vpc_security_group_ingress_rule.proxy.referenced_security_group_id == "sg-tasks"
    error_message = "Nobody but tasks, proxy and rotation reaches the database."
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
