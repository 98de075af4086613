module "database" {
  source                 = "../../modules/aurora"
  name                   = local.name
  region                 = var.region
  account_id             = local.account_id
  partition              = local.partition
  vpc_id                 = module.network.vpc_id
  vpc_cidr               = module.network.cidr
  subnet_ids             = module.network.isolated_subnet_ids
  task_security_group_id = module.network.task_security_group_id
  key_arn                = module.key.arn
  engine_version         = var.database_version
  acu_min                = var.database_acu_min
  acu_max                = var.database_acu_max
  readers_min            = var.database_readers_min
  readers_max            = var.database_readers_max
  password               = var.database_password
  password_version       = var.database_password_version
  password_rotation_days = var.database_password_rotation_days
  rotation_version       = var.database_rotation_version
  backup_days            = var.database_backup_days
  log_days               = var.log_days
  deletion_protection    = var.deletion_protection
}

module "cache" {
  source                 = "../../modules/cache"
  name                   = local.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.isolated_subnet_ids
  task_security_group_id = module.network.task_security_group_id
  key_arn                = module.key.arn
  node_type              = var.cache_node_type
  replicas               = var.cache_replicas
  shards                 = var.cache_shards
}
