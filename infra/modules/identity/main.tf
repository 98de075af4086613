# Cognito keeps accounts and passwords. The client has no secret: Terraform's state would hold it, and what a public client lacks (a
# password of its own) keeps nobody out who has one of the pool's people.
#
# Google's client secret would stand in the state, too, so the pool's provider is made by infra/scripts/secrets.sh; `providers` names
# those that are there. GitHub speaks no OpenID Connect and cannot be a provider of the pool.

resource "aws_cognito_user_pool" "this" {
  name                     = var.name
  user_pool_tier           = var.tier
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OPTIONAL"

  username_configuration {
    case_sensitive = false
  }
  software_token_mfa_configuration {
    enabled = true
  }
  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = false # length does more, and a phone's keyboard suffers less
    password_history_size            = var.tier == "LITE" ? null : 5
    temporary_password_validity_days = 3
  }
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }
  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }
  admin_create_user_config {
    allow_admin_create_user_only = !var.signup
  }
  verification_message_template {
    default_email_option = "CONFIRM_WITH_CODE"
  }

  dynamic "email_configuration" {
    for_each = var.ses == null ? [] : [var.ses]
    content {
      email_sending_account = "DEVELOPER"
      source_arn            = email_configuration.value.identity_arn
      from_email_address    = email_configuration.value.from
      configuration_set     = email_configuration.value.configuration_set
    }
  }
}

resource "aws_cognito_user_pool_client" "this" {
  name                          = "web"
  user_pool_id                  = aws_cognito_user_pool.this.id
  generate_secret               = false
  explicit_auth_flows           = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true
  auth_session_validity         = 5
  supported_identity_providers  = concat(["COGNITO"], var.providers_made)

  access_token_validity  = 15
  id_token_validity      = 15
  refresh_token_validity = 30
  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }

  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "email", "profile"]
  callback_urls                        = ["${var.public_url}/api/auth/oidc/cognito/callback"]
  logout_urls                          = [var.public_url]
}

resource "aws_cognito_user_pool_domain" "this" {
  domain       = var.domain_prefix
  user_pool_id = aws_cognito_user_pool.this.id
}
