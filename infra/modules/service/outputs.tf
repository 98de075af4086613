output "cluster_name" {
  description = "ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn
}

output "service_names" {
  description = "Services by kind."
  value       = merge({ web = aws_ecs_service.web.name }, local.workers > 0 ? { worker = aws_ecs_service.worker[0].name } : {})
}

output "families" {
  description = "Families of task definitions by kind: web, worker, migrate."
  value       = { for kind, definition in aws_ecs_task_definition.this : kind => definition.family }
}

output "role_arns" {
  description = "Roles that tasks take, by what they are for."
  value = {
    execution = aws_iam_role.execution.arn
    web       = aws_iam_role.web.arn
    worker    = aws_iam_role.worker.arn
    migrate   = aws_iam_role.migrate.arn
  }
}

output "log_group_arns" {
  description = "Log groups by kind."
  value       = { for kind, group in aws_cloudwatch_log_group.this : kind => group.arn }
}

output "log_group_names" {
  description = "Names of the log groups by kind."
  value       = { for kind, group in aws_cloudwatch_log_group.this : kind => group.name }
}

output "app_secret_arn" {
  description = "Secret that infra/scripts/secrets.sh fills."
  value       = aws_secretsmanager_secret.app.arn
}

output "app_secret_name" {
  description = "Name of that secret."
  value       = aws_secretsmanager_secret.app.name
}

output "pool_size" {
  description = "Connections for reading that a server opens, and as many for writing."
  value       = local.pool
}

output "containers" {
  description = "Definitions of the containers by kind, as JSON."
  value       = { for kind, definition in aws_ecs_task_definition.this : kind => definition.container_definitions }
}

output "policies" {
  description = "What the roles may do, as JSON."
  value = {
    execution  = data.aws_iam_policy_document.execution.json
    database   = data.aws_iam_policy_document.database.json
    server     = data.aws_iam_policy_document.server.json
    background = data.aws_iam_policy_document.background.json
  }
}

output "metric_names" {
  description = "What servers, and whoever does the work in the background, call themselves in their metrics."
  value       = { web = var.name, jobs = local.workers > 0 ? "${var.name}-worker" : var.name }
}
