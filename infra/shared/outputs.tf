output "url" {
  description = "Address that people open."
  value       = local.public_url
}

output "region" {
  description = "Region of the servers."
  value       = var.region
}

# ---- for the pipeline ----

output "deploy_role_arn" {
  description = "Role that GitHub Actions takes; null without a repository."
  value       = one(module.pipeline[*].role_arn)
}

output "repository_url" {
  description = "Where images are pushed to."
  value       = module.registry.url
}

output "cluster" {
  description = "ECS cluster."
  value       = module.service.cluster_name
}

output "services" {
  description = "Services by kind: web, and worker where there is one."
  value       = module.service.service_names
}

output "task_families" {
  description = "Families of task definitions by kind: web, worker, migrate."
  value       = module.service.families
}

output "task_subnets" {
  description = "Subnets for a task that is run once."
  value       = module.network.task_subnet_ids
}

output "task_security_group" {
  description = "Security group for it."
  value       = module.network.task_security_group_id
}

output "task_public_address" {
  description = "ENABLED or DISABLED: whether it needs a public address."
  value       = module.network.tasks_have_public_addresses ? "ENABLED" : "DISABLED"
}

output "tasks_min" {
  description = "Servers to start with."
  value       = var.tasks_min
}

output "migrate_log_group" {
  description = "Where a migration writes."
  value       = module.service.log_group_names.migrate
}

# ---- for infra/scripts/secrets.sh ----

output "app_secret" {
  description = "Name of the secret that holds what people choose."
  value       = module.service.app_secret_name
}

output "key_value_store_arn" {
  description = "Where the origin's header is."
  value       = module.edge.key_value_store_arn
}

output "user_pool_id" {
  description = "Cognito's pool; null when mdreader keeps the accounts."
  value       = one(module.identity[*].pool_id)
}

# ---- for people ----

output "files_bucket" {
  description = "Bucket of the files."
  value       = module.files.bucket
}

output "database_identifier" {
  description = "Database, for snapshots and restores."
  value       = module.database.identifier
}

output "database_secret_arn" {
  description = "Secret with the database's user and password."
  value       = module.database.secret_arn
}

output "dashboard" {
  description = "CloudWatch dashboard."
  value       = module.alarms.dashboard
}

output "distributions" {
  description = "CloudFront's distributions: pages and downloads."
  value       = { pages = module.edge.distribution_id, files = module.files.distribution_id }
}
