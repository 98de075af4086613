module "registry" {
  source       = "../../modules/registry"
  name         = local.name
  key_arn      = module.key.arn
  force_delete = !var.deletion_protection
}

module "jobs_queue" {
  source  = "../../modules/queue"
  name    = "${local.name}-jobs"
  key_arn = module.key.arn
  # A ring that nobody heard for five minutes says nothing any more.
  retention_seconds = 300
}

module "service" {
  source               = "../../modules/service"
  name                 = local.name
  region               = var.region
  account_id           = local.account_id
  partition            = local.partition
  key_arn              = module.key.arn
  log_days             = var.log_days
  container_insights   = var.container_insights
  detailed_metrics     = var.detailed_metrics
  public_url           = local.public_url
  repository_url       = module.registry.url
  repository_arn       = module.registry.arn
  image_tag            = var.image_tag
  target_group_arn     = module.load_balancer.target_group_arn
  redis_url            = module.cache.url
  database             = local.database
  topic_arn            = module.notices.arn
  jobs_queue           = { url = module.jobs_queue.url, arn = module.jobs_queue.arn }
  google_client_id     = var.identity == "embedded" ? var.google_client_id : null
  github_client_id     = var.identity == "embedded" ? var.github_client_id : null
  environment          = merge({ MDREADER_SIGNUP = var.signup ? "open" : "closed" }, local.settings, var.environment)
  task_cpu             = var.task_cpu
  task_memory          = var.task_memory
  tasks_min            = var.tasks_min
  tasks_max            = var.tasks_max
  connections_per_task = var.connections_per_task
  worker_tasks         = var.worker_tasks
  worker_spot          = var.worker_spot

  network = {
    subnet_ids        = module.network.task_subnet_ids
    security_group_id = module.network.task_security_group_id
    public_addresses  = module.network.tasks_have_public_addresses
    cidr              = module.network.cidr
  }
  files = {
    bucket     = module.files.bucket
    bucket_arn = module.files.bucket_arn
    domain     = module.files.domain
    key_id     = module.files.key_id
  }
  mail = {
    from                  = var.mail_from
    from_address          = local.mail_address
    identity_arn          = module.mail.identity_arn
    configuration_set     = module.mail.configuration_set
    configuration_set_arn = module.mail.configuration_set_arn
    queue_url             = module.mail.queue_url
    queue_arn             = module.mail.queue_arn
  }
  identity = var.identity == "embedded" ? null : {
    pool_id   = module.identity[0].pool_id
    pool_arn  = module.identity[0].pool_arn
    client_id = module.identity[0].client_id
    domain    = module.identity[0].domain
  }
}
