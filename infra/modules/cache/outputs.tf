output "url" {
  description = "REDIS_URL of the servers."
  value = (
    var.shards == null
    ? "rediss://${aws_elasticache_replication_group.this.primary_endpoint_address}:6379/0"
    : "rediss://${aws_elasticache_replication_group.this.configuration_endpoint_address}:6379/0?cluster=true"
  )
}

output "node_ids" {
  description = "How CloudWatch names the nodes."
  value = var.shards == null ? [for n in range(1, 2 + var.replicas) : format("%s-%03d", var.name, n)] : [
    for pair in setproduct(range(1, 1 + var.shards), range(1, 2 + var.replicas)) : format("%s-%04d-%03d", var.name, pair[0], pair[1])
  ]
}

output "security_group_id" {
  description = "Security group of the cache."
  value       = aws_security_group.this.id
}
