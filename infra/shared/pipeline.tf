module "pipeline" {
  source                  = "../../modules/pipeline"
  count                   = var.github_repository == null ? 0 : 1
  name                    = local.name
  region                  = var.region
  account_id              = local.account_id
  partition               = local.partition
  repository              = var.github_repository
  environment             = var.github_environment
  create_provider         = var.github_create_provider
  repository_arn          = module.registry.arn
  cluster                 = module.service.cluster_name
  services                = values(module.service.service_names)
  families                = values(module.service.families)
  migration_family        = module.service.families.migrate
  migration_log_group_arn = module.service.log_group_arns.migrate
  role_arns               = values(module.service.role_arns)
}
