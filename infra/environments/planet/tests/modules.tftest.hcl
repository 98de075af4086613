# What single modules of a cell are made of; what is the same as in the team size is tested there.

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
    condition     = aws_appautoscaling_target.readers[0].min_capacity == 1 && aws_appautoscaling_target.readers[0].max_capacity == 15 && aws_appautoscaling_policy.readers[0].target_tracking_scaling_policy_configuration[0].target_value == 70
    error_message = "Readers come with the load on them, from 1 to 15 where that is asked for."
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
    condition = (
      aws_rds_cluster.this.engine == "aurora-postgresql" && startswith(aws_rds_cluster.this.engine_version, "16.") && aws_rds_cluster.this.backup_retention_period == 7
      && aws_rds_global_cluster.this.global_cluster_identifier == "mdreader-eu" && aws_rds_cluster.this.final_snapshot_identifier == "mdreader-eu-final-1"
    )
    error_message = "PostgreSQL 16 with seven days of backups, in a global database that other regions can follow."
  }
  assert {
    condition     = aws_db_proxy.this.engine_family == "POSTGRESQL" && aws_db_proxy_target.this.db_proxy_name == "mdreader-eu" && aws_db_proxy_default_target_group.this.connection_pool_config[0].max_connections_percent == 90
    error_message = "Servers share connections by RDS Proxy."
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

run "another_region_follows" {
  command = plan
  module {
    source = "../../modules/aurora_copy"
  }
  variables {
    name                = "mdreader-eu"
    vpc_id              = "vpc-1"
    subnet_ids          = ["subnet-1", "subnet-2"]
    key_arn             = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-1111-1111-111111111111"
    global_identifier   = "mdreader-eu"
    engine_version      = "16.13"
    instances           = 1
    acu_min             = 0.5
    acu_max             = 128
    backup_days         = 7
    deletion_protection = true
  }

  assert {
    condition = (
      aws_rds_cluster.this.global_cluster_identifier == "mdreader-eu" && aws_rds_cluster.this.storage_encrypted
      && aws_rds_cluster.this.kms_key_id == "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-1111-1111-111111111111"
      && length(aws_rds_cluster_instance.this) == 1 && !aws_rds_cluster_instance.this[0].publicly_accessible
    )
    error_message = "The copy is part of the global database, encrypted with its own region's key, and not public."
  }
}

run "the_nearest_cell_that_is_well" {
  command = plan
  module {
    source = "../../modules/accelerator"
  }
  variables {
    name = "mdreader-entry"
    load_balancers = {
      eu-central-1 = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/mdreader-eu/1"
      us-east-1    = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/mdreader-us/1"
    }
  }

  assert {
    condition = (
      aws_globalaccelerator_accelerator.this.enabled && aws_globalaccelerator_listener.this.protocol == "TCP" && one(aws_globalaccelerator_listener.this.port_range).from_port == 443
      && alltrue([for region, group in aws_globalaccelerator_endpoint_group.this : group.endpoint_group_region == region && one(group.endpoint_configuration).endpoint_id == var.load_balancers[region] && one(group.endpoint_configuration).client_ip_preservation_enabled])
      && length(aws_globalaccelerator_endpoint_group.this) == 2
    )
    error_message = "Each region's load balancer is asked, by TLS alone, and hears who asks."
  }
}
