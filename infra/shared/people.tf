# Who people are, and how mail reaches them.

locals {
  # mdreader@example.org of "mdreader <mdreader@example.org>"
  mail_address = trimsuffix(reverse(split("<", var.mail_from))[0], ">")
}

module "mail" {
  source       = "../../modules/mail"
  name         = local.name
  region       = var.region
  account_id   = local.account_id
  partition    = local.partition
  zone_id      = var.zone_id
  key_arn      = module.key.arn
  from_address = local.mail_address
  dmarc        = var.mail_dmarc
}

module "identity" {
  source              = "../../modules/identity"
  count               = var.identity == "cognito" ? 1 : 0
  name                = local.name
  region              = var.region
  public_url          = local.public_url
  domain_prefix       = coalesce(var.cognito_domain_prefix, "${local.name}-${local.account_id}")
  signup              = var.signup
  tier                = var.cognito_tier
  providers_made      = var.cognito_providers
  deletion_protection = var.deletion_protection

  ses = var.cognito_mail == "cognito" ? null : {
    identity_arn      = module.mail.identity_arn
    from              = var.mail_from
    configuration_set = module.mail.configuration_set
  }
}
