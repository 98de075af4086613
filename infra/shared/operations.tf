# Who is told, of what, and who did it.

module "notices" {
  source     = "../../modules/notices"
  name       = local.name
  account_id = local.account_id
  key_arn    = module.key.arn
  emails     = var.alarm_emails
}

module "alarms" {
  source            = "../../modules/alarms"
  name              = local.name
  region            = var.region
  topic_arn         = module.notices.arn
  service_name      = module.service.metric_names.web
  jobs_service_name = module.service.metric_names.jobs
  load_balancer     = module.load_balancer.arn_suffix
  target_group      = module.load_balancer.target_group_arn_suffix
  cluster           = module.service.cluster_name
  services          = module.service.service_names
  cache_nodes       = module.cache.node_ids
  database          = local.watched_database
  dead_queues       = [module.mail.dead_queue_name, module.jobs_queue.dead_name]
}

module "audit" {
  source        = "../../modules/audit"
  count         = var.cloudtrail ? 1 : 0
  name          = local.name
  region        = var.region
  account_id    = local.account_id
  partition     = local.partition
  bucket_name   = "${local.name}-audit-${local.account_id}"
  key_arn       = module.key.arn
  force_destroy = !var.deletion_protection
}
