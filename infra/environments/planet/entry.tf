# The name that all cells have in common. In one cell's state alone: CloudFront -> Global Accelerator -> the nearest cell that is well,
# whose load balancer sends people on to the cell's own name.

locals {
  entry = length(var.entry_load_balancers) > 0 ? 1 : 0
}

module "accelerator" {
  source         = "../../modules/accelerator"
  count          = local.entry
  name           = "mdreader-entry"
  load_balancers = var.entry_load_balancers
}

module "entry_certificate" {
  source    = "../../modules/certificate"
  count     = local.entry
  providers = { aws = aws.us_east_1 }
  domains   = [var.entry_domain]
  zone_id   = var.zone_id
}

resource "aws_route53_record" "entry_origin" {
  count   = local.entry
  zone_id = var.zone_id
  name    = "origin.${var.entry_domain}"
  type    = "A"

  alias {
    name                   = module.accelerator[0].dns_name
    zone_id                = module.accelerator[0].zone_id
    evaluate_target_health = true
  }
}

module "entry" {
  source          = "../../modules/edge"
  count           = local.entry
  name            = "mdreader-entry"
  domain          = var.entry_domain
  zone_id         = var.zone_id
  origin_domain   = "origin.${var.entry_domain}"
  prove           = false # it leads to redirects alone
  certificate_arn = module.entry_certificate[0].arn
  web_acl_arn     = one(module.firewall[*].arn)
  price_class     = var.price_class
}
