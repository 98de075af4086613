# What servers tell each other. Nothing in it matters after a second: no snapshots, and no password, which would stand in Terraform's
# state. Who may connect is decided by the security group; TLS is demanded.

resource "aws_security_group" "this" {
  name        = "${var.name}-cache"
  description = "Valkey, for the tasks alone"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-cache" }
}

resource "aws_vpc_security_group_ingress_rule" "tasks" {
  security_group_id            = aws_security_group.this.id
  description                  = "Tasks"
  referenced_security_group_id = var.task_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_elasticache_subnet_group" "this" {
  name        = var.name
  description = "Subnets without a route"
  subnet_ids  = var.subnet_ids
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = var.name
  description                = "What servers of ${var.name} tell each other"
  engine                     = "valkey"
  engine_version             = var.engine_version
  node_type                  = var.node_type
  port                       = 6379
  parameter_group_name       = var.shards == null ? "default.valkey8" : "default.valkey8.cluster.on"
  num_cache_clusters         = var.shards == null ? 1 + var.replicas : null
  num_node_groups            = var.shards
  replicas_per_node_group    = var.shards == null ? null : var.replicas
  cluster_mode               = var.shards == null ? "disabled" : "enabled"
  automatic_failover_enabled = var.shards != null || var.replicas > 0
  multi_az_enabled           = var.replicas > 0
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this.id]
  at_rest_encryption_enabled = true
  kms_key_id                 = var.key_arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  snapshot_retention_limit   = 0
  auto_minor_version_upgrade = true
  maintenance_window         = "sun:04:30-sun:05:30"
  apply_immediately          = true
}
