# The same data in another region, for the day when this one is gone: the database about a second behind (Aurora Global Database), the
# files some minutes.

provider "aws" {
  alias  = "copy"
  region = var.copy_region

  default_tags {
    tags = local.tags
  }
}

data "aws_availability_zones" "copy" {
  provider = aws.copy
  state    = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

module "copy_key" {
  source     = "../../modules/key"
  providers  = { aws = aws.copy }
  name       = "${local.name}-copy"
  region     = var.copy_region
  account_id = local.account_id
  partition  = local.partition
}

module "copy_network" {
  source             = "../../modules/network"
  providers          = { aws = aws.copy }
  name               = "${local.name}-copy"
  region             = var.copy_region
  account_id         = local.account_id
  cidr               = var.copy_cidr
  availability_zones = slice(data.aws_availability_zones.copy.names, 0, var.zones)
  key_arn            = module.copy_key.arn
  log_days           = var.log_days
}

module "copy" {
  source              = "../../modules/aurora_copy"
  providers           = { aws = aws.copy }
  name                = local.name
  vpc_id              = module.copy_network.vpc_id
  subnet_ids          = module.copy_network.isolated_subnet_ids
  key_arn             = module.copy_key.arn
  global_identifier   = module.database.global_identifier
  engine_version      = module.database.engine_version
  instances           = var.copy_instances
  acu_min             = var.database_acu_min
  acu_max             = var.database_acu_max
  backup_days         = var.database_backup_days
  deletion_protection = var.deletion_protection
  depends_on          = [module.database]
}

module "files_copy" {
  source      = "../../modules/files_copy"
  providers   = { aws = aws.copy }
  bucket_name = "${local.name}-files-copy-${local.account_id}"
  partition   = local.partition
  key_arn     = module.copy_key.arn
}
