# The same database in another region, about a second behind. Without instances it is storage that follows; when its region has to take
# over, it is made the primary and gets instances (docs/deploy.md).

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "Aurora: nobody until it takes over"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-database" }
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Subnets without a route"
  subnet_ids  = var.subnet_ids
}

resource "aws_rds_cluster" "this" {
  cluster_identifier        = "${var.name}-copy"
  global_cluster_identifier = var.global_identifier
  engine                    = "aurora-postgresql"
  engine_version            = var.engine_version
  engine_mode               = "provisioned"
  storage_encrypted         = true
  kms_key_id                = var.key_arn
  db_subnet_group_name      = aws_db_subnet_group.this.name
  vpc_security_group_ids    = [aws_security_group.this.id]
  backup_retention_period   = var.backup_days
  copy_tags_to_snapshot     = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-copy-final-${trimprefix(var.vpc_id, "vpc-")}"
  deletion_protection       = var.deletion_protection

  serverlessv2_scaling_configuration {
    min_capacity = var.acu_min
    max_capacity = var.acu_max
  }

  lifecycle {
    ignore_changes = [engine_version, replication_source_identifier]
  }
}

resource "aws_rds_cluster_instance" "this" {
  count                                 = var.instances
  identifier                            = "${var.name}-copy-${count.index}"
  cluster_identifier                    = aws_rds_cluster.this.id
  instance_class                        = "db.serverless"
  engine                                = "aurora-postgresql"
  publicly_accessible                   = false
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.key_arn
  performance_insights_retention_period = 7
}
