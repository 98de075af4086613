output "address" {
  description = "Name of the host."
  value       = aws_db_instance.this.address
}

output "identifier" {
  description = "How RDS and CloudWatch name it."
  value       = aws_db_instance.this.identifier
}

output "secret_arn" {
  description = "Secret in which RDS keeps user and password."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "max_connections" {
  description = "Connections that PostgreSQL allows."
  value       = local.max_connections
}

output "storage_gb" {
  description = "Storage at the start, in GB."
  value       = var.storage_gb
}

output "memory_gib" {
  description = "Memory of the instance class, in GiB."
  value       = local.memory_gib[split(".", var.instance_class)[2]]
}

output "security_group_id" {
  description = "Security group of the database."
  value       = aws_security_group.this.id
}
