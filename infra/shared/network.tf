module "network" {
  source             = "../../modules/network"
  name               = local.name
  region             = var.region
  account_id         = local.account_id
  cidr               = var.cidr
  availability_zones = slice(data.aws_availability_zones.this.names, 0, var.zones)
  nat                = var.nat
  nat_per_zone       = var.nat_per_zone
  key_arn            = module.key.arn
  log_days           = var.log_days
  more_endpoints     = local.more_endpoints
}
