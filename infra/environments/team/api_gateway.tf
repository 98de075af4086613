module "api_gateway" {
  source                          = "../../modules/api_gateway"
  count                           = var.api_gateway ? 1 : 0
  name                            = var.name
  vpc_id                          = module.network.vpc_id
  subnet_ids                      = module.network.public_subnet_ids
  load_balancer_security_group_id = module.load_balancer.security_group_id
  listener_arn                    = module.load_balancer.listener_arn
  origin_domain                   = local.origin_domain
  key_arn                         = module.key.arn
  requests_per_second             = var.api_gateway_requests_per_second
  log_days                        = var.log_days
}
