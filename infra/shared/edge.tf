# People -> WAF -> CloudFront -> load balancer, with a header that proves the way.

data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

locals {
  origin_domain = "origin.${var.domain}"
  files_domain  = "files.${var.domain}"
}

module "origin_certificate" {
  source  = "../../modules/certificate"
  domains = compact([local.origin_domain, var.domain, try(local.redirect.from, null)])
  zone_id = var.zone_id
}

module "edge_certificate" {
  source    = "../../modules/certificate"
  providers = { aws = aws.us_east_1 }
  domains   = [var.domain, local.files_domain]
  zone_id   = var.zone_id
}

module "firewall" {
  source                 = "../../modules/firewall"
  count                  = var.waf ? 1 : 0
  providers              = { aws = aws.us_east_1 }
  name                   = local.name
  requests_per_5_minutes = var.waf_requests_per_5_minutes
}

module "load_balancer" {
  source                    = "../../modules/load_balancer"
  name                      = local.name
  vpc_id                    = module.network.vpc_id
  subnet_ids                = module.network.public_subnet_ids
  task_security_group_id    = module.network.task_security_group_id
  cloudfront_prefix_list_id = data.aws_ec2_managed_prefix_list.cloudfront.id
  certificate_arn           = module.origin_certificate.arn
  deletion_protection       = var.deletion_protection
  entry                     = local.redirect
}

resource "aws_route53_record" "origin" {
  zone_id = var.zone_id
  name    = local.origin_domain
  type    = "A"

  alias {
    name                   = module.load_balancer.dns_name
    zone_id                = module.load_balancer.zone_id
    evaluate_target_health = false
  }
}

module "edge" {
  source          = "../../modules/edge"
  name            = local.name
  domain          = var.domain
  zone_id         = var.zone_id
  origin_domain   = local.origin_domain
  certificate_arn = module.edge_certificate.arn
  web_acl_arn     = one(module.firewall[*].arn)
  price_class     = var.price_class
  api             = local.api
}
