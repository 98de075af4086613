module "database" {
  source                 = "../../modules/database"
  name                   = var.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.isolated_subnet_ids
  task_security_group_id = module.network.task_security_group_id
  key_arn                = module.key.arn
  engine_version         = var.database_version
  instance_class         = var.database_class
  storage_gb             = var.database_storage_gb
  storage_max_gb         = var.database_storage_max_gb
  multi_az               = var.database_multi_az
  backup_days            = var.database_backup_days
  log_days               = var.log_days
  deletion_protection    = var.deletion_protection
}

module "cache" {
  source                 = "../../modules/cache"
  name                   = var.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.isolated_subnet_ids
  task_security_group_id = module.network.task_security_group_id
  key_arn                = module.key.arn
  node_type              = var.cache_node_type
  replicas               = var.cache_replicas
}
