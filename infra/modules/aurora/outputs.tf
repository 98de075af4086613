output "proxy_address" {
  description = "Name of the proxy, for servers and workers."
  value       = aws_db_proxy.this.endpoint
}

output "address" {
  description = "Name of the writer, for migrations."
  value       = aws_rds_cluster.this.endpoint
}

output "reader_address" {
  description = "Name that leads to the readers, a moment behind the writer."
  value       = aws_rds_cluster.this.reader_endpoint
}

output "identifier" {
  description = "How RDS and CloudWatch name the cluster."
  value       = aws_rds_cluster.this.cluster_identifier
}

output "global_identifier" {
  description = "The global cluster, for copies in other regions."
  value       = aws_rds_global_cluster.this.id
}

output "engine_version" {
  description = "Version of the cluster."
  value       = var.engine_version
}

output "secret_arn" {
  description = "Secret with user and password."
  value       = aws_secretsmanager_secret.this.arn
}

output "max_connections" {
  description = "Connections that the writer allows."
  value       = local.max_connections
}

output "policy" {
  description = "What the proxy may do, as JSON."
  value       = data.aws_iam_policy_document.proxy.json
}

# The members have to be there before a copy can follow them.
output "ready" {
  description = "Known when the writer is there."
  value       = aws_rds_cluster_instance.this[0].id
}
