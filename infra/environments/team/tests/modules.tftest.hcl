# What single modules are made of, with the values that the environment gives them by default, and what they become when asked.

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
  zone_id          = "Z0123456789ABCDEFGHIJ"
  files_public_key = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
  domain           = "docs.example.org"
  mail_from        = "mdreader <mdreader@docs.example.org>"
}

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
    multi_az               = true
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
    condition = (
      aws_db_instance.this.engine == "postgres" && startswith(aws_db_instance.this.engine_version, "16.")
      && aws_db_instance.this.storage_type == "gp3" && aws_db_instance.this.allocated_storage == 20 && aws_db_instance.this.max_allocated_storage == 100
    )
    error_message = "PostgreSQL 16 on gp3, from 20 to 100 GB."
  }
  assert {
    condition = (
      aws_db_instance.this.backup_retention_period == 7 && aws_db_instance.this.performance_insights_enabled && aws_db_instance.this.deletion_protection
      && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == "mdreader-team-final-1" && aws_db_instance.this.multi_az
    )
    error_message = "Seven days of backups, Performance Insights, a last snapshot under a name of its own; a second zone when asked."
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
  override_resource {
    target          = aws_cloudfront_key_group.this
    override_during = plan
    values          = { id = "KEYS" }
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
    condition = (
      one(aws_s3_bucket_cors_configuration.this.cors_rule).allowed_origins == toset(["https://docs.example.org"])
      && one(aws_s3_bucket_cors_configuration.this.cors_rule).allowed_methods == toset(["GET", "PUT"])
    )
    error_message = "Pages of mdreader alone upload and read, and do nothing else."
  }
  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id => one([for one in rule.transition : "${one.storage_class} after ${one.days}"]) if length(rule.transition) > 0
    } == { attachments-tiering = "INTELLIGENT_TIERING after 0", backups-tiering = "GLACIER_IR after 30" }
    error_message = "What is seldom read lies where that is cheap."
  }
  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.filter[0].and[0].object_size_greater_than == 131072 if length(rule.transition) > 0
    ])
    error_message = "Below 128 KB the cheaper classes cost more."
  }
  assert {
    condition     = { for key, policy in aws_cloudfront_cache_policy.this : key => policy.max_ttl } == { documents = 3600, attachments = 86400 }
    error_message = "Nothing is kept for longer than that, whatever an object says of itself."
  }
  assert {
    condition     = { for key, record in aws_route53_record.this : key => record.name } == { A = "files.docs.example.org", AAAA = "files.docs.example.org" }
    error_message = "Downloads have a name of their own."
  }
  assert {
    condition = alltrue([
      for behavior in concat(aws_cloudfront_distribution.this.default_cache_behavior, aws_cloudfront_distribution.this.ordered_cache_behavior) :
      behavior.trusted_key_groups == tolist(["KEYS"])
    ])
    error_message = "Nobody downloads anything without a signature."
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
    condition = (
      aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ECSServiceAverageCPUUtilization"
      && aws_appautoscaling_policy.worker_cpu[0].target_tracking_scaling_policy_configuration[0].target_value == 70
    )
    error_message = "It is the service's CPU that is looked at, and workers are added by it, too."
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
    providers_made      = ["Google"]
  }

  assert {
    condition     = aws_cognito_user_pool_client.this.supported_identity_providers == toset(["COGNITO", "Google"])
    error_message = "Google is offered where secrets.sh has made it a provider of the pool."
  }
  assert {
    condition     = aws_cognito_user_pool_client.this.callback_urls == toset(["https://docs.example.org/api/auth/oidc/cognito/callback"]) && aws_cognito_user_pool_client.this.allowed_oauth_flows == toset(["code"])
    error_message = "The pool sends people back to mdreader alone, with a code."
  }
  assert {
    condition = (
      aws_cognito_user_pool.this.password_policy[0].require_lowercase && aws_cognito_user_pool.this.password_policy[0].require_uppercase && aws_cognito_user_pool.this.password_policy[0].require_numbers
      && contains(aws_cognito_user_pool.this.user_attribute_update_settings[0].attributes_require_verification_before_update, "email")
      && aws_cognito_user_pool.this.admin_create_user_config[0].allow_admin_create_user_only
    )
    error_message = "Letters of both kinds and digits, an address that is confirmed before it counts, and no accounts but for those who are asked in."
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
    nat_per_zone       = true
    key_arn            = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 2 && length(aws_route.nat) == 2 && length(aws_subnet.private) == 2 && !output.tasks_have_public_addresses
    error_message = "A NAT gateway in each zone, when one for all is not enough."
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

run "mail_is_signed_and_reported" {
  command = plan
  module {
    source = "../../modules/mail"
  }
  variables {
    name         = "mdreader-team"
    region       = "eu-central-1"
    account_id   = "111122223333"
    partition    = "aws"
    key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    from_address = "mdreader@docs.example.org"
    dmarc        = "v=DMARC1; p=quarantine"
  }

  assert {
    condition = (
      aws_sesv2_email_identity.this.email_identity == "docs.example.org" && aws_sesv2_email_identity.this.configuration_set_name == "mdreader-team"
      && aws_sesv2_email_identity.this.dkim_signing_attributes[0].next_signing_key_length == "RSA_2048_BIT" && length(aws_route53_record.dkim) == 3
    )
    error_message = "The sender's domain signs by DKIM, and whatever it sends is of the configuration set."
  }
  assert {
    condition = (
      aws_sesv2_configuration_set.this.delivery_options[0].tls_policy == "REQUIRE"
      && aws_sesv2_configuration_set.this.suppression_options[0].suppressed_reasons == tolist(["BOUNCE", "COMPLAINT"])
    )
    error_message = "Mail goes by TLS, and not to addresses that bounced or complained."
  }
  assert {
    condition = (
      one(aws_sesv2_configuration_set_event_destination.reports.event_destination).enabled
      && one(aws_sesv2_configuration_set_event_destination.reports.event_destination).matching_event_types == toset(["SEND", "BOUNCE", "COMPLAINT"])
      && aws_sns_topic_subscription.reports.protocol == "sqs"
    )
    error_message = "What became of mail is told by SNS to a queue."
  }
  assert {
    condition = (
      aws_sesv2_email_identity_mail_from_attributes.this.mail_from_domain == "bounce.docs.example.org"
      && aws_route53_record.mail_from_spf.records == toset(["v=spf1 include:amazonses.com -all"])
      && aws_route53_record.mail_from_mx.records == toset(["10 feedback-smtp.eu-central-1.amazonses.com"])
      && aws_route53_record.dmarc[0].records == toset(["v=DMARC1; p=quarantine"])
    )
    error_message = "SPF holds for the address that bounces go to; DMARC when it is asked for."
  }
}

run "queue_with_dead_letters" {
  command = plan
  module {
    source = "../../modules/queue"
  }
  variables {
    name    = "mdreader-team-jobs"
    key_arn = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  }
  override_resource {
    target          = aws_sqs_queue.dead
    override_during = plan
    values          = { arn = "arn:aws:sqs:eu-central-1:111122223333:mdreader-team-jobs-dead" }
  }

  assert {
    condition = (
      jsondecode(aws_sqs_queue.this.redrive_policy).deadLetterTargetArn == "arn:aws:sqs:eu-central-1:111122223333:mdreader-team-jobs-dead"
      && jsondecode(aws_sqs_queue.this.redrive_policy).maxReceiveCount == 5 && aws_sqs_queue.dead.message_retention_seconds == 1209600
    )
    error_message = "What nobody could work on five times is kept for two weeks."
  }
}

run "images_are_scanned_and_kept" {
  command = plan
  module {
    source = "../../modules/registry"
  }
  variables {
    name    = "mdreader-team"
    key_arn = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push && aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && length(jsondecode(aws_ecr_lifecycle_policy.this.policy).rules) == 2
    error_message = "Images are scanned when they come, their tags stay, and old ones go."
  }
}
