# Aurora PostgreSQL, Serverless v2: capacity follows the load, readers come and go, and another region follows by Aurora Global Database.
# The servers read from the writer, as they must see what was just written: a reader is there to take over, and for whoever else asks.

locals {
  # What Aurora itself allows: about 200 for each unit, 5,000 at most, and 2,000 where it may shrink below one unit.
  max_connections = floor(min(var.acu_min < 1 ? 2000 : 5000, 200 * var.acu_max))
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "Aurora: proxy, migrations and rotation"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = {
    "Migrations"        = var.task_security_group_id
    "Proxy"             = aws_security_group.proxy.id
    "Password rotation" = aws_security_group.rotation.id
  }

  security_group_id            = aws_security_group.this.id
  description                  = each.key
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Subnets without a route"
  subnet_ids  = var.subnet_ids
}

resource "aws_rds_cluster_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "aurora-postgresql${split(".", var.engine_version)[0]}"
  description = "TLS for everybody, slow statements in the log"

  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "immediate"
  }
  parameter {
    name         = "ssl_min_protocol_version"
    value        = "TLSv1.2"
    apply_method = "immediate"
  }
  parameter {
    name         = "max_connections"
    value        = tostring(local.max_connections)
    apply_method = "pending-reboot"
  }
  parameter {
    name         = "log_min_duration_statement"
    value        = "1000"
    apply_method = "immediate"
  }
  parameter {
    name         = "log_parameter_max_length"
    value        = "0"
    apply_method = "immediate"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "postgresql" {
  name              = "/aws/rds/cluster/${var.name}/postgresql"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
}

resource "aws_rds_global_cluster" "this" {
  global_cluster_identifier = var.name
  engine                    = "aurora-postgresql"
  engine_version            = var.engine_version
  database_name             = "mdreader"
  storage_encrypted         = true
  deletion_protection       = var.deletion_protection
}

resource "aws_rds_cluster" "this" {
  cluster_identifier        = var.name
  global_cluster_identifier = aws_rds_global_cluster.this.id
  engine                    = aws_rds_global_cluster.this.engine
  engine_version            = aws_rds_global_cluster.this.engine_version
  engine_mode               = "provisioned"
  database_name             = "mdreader"
  port                      = 5432

  # RDS does not manage the password of a cluster that is part of a global database. This one is write-only: it is sent when its version
  # changes, and kept in no state and no plan.
  master_username            = "mdreader"
  master_password_wo         = var.password
  master_password_wo_version = var.password_version

  storage_encrypted               = true
  kms_key_id                      = var.key_arn
  db_subnet_group_name            = aws_db_subnet_group.this.name
  vpc_security_group_ids          = [aws_security_group.this.id]
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name

  backup_retention_period         = var.backup_days
  preferred_backup_window         = "02:00-03:00"
  preferred_maintenance_window    = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot           = true
  skip_final_snapshot             = false
  final_snapshot_identifier       = "${var.name}-final-${trimprefix(var.vpc_id, "vpc-")}"
  deletion_protection             = var.deletion_protection
  enabled_cloudwatch_logs_exports = ["postgresql"]

  serverlessv2_scaling_configuration {
    min_capacity = var.acu_min
    max_capacity = var.acu_max
  }

  depends_on = [aws_cloudwatch_log_group.postgresql]

  lifecycle {
    ignore_changes = [engine_version] # the global cluster upgrades its members
  }
}

# The writer and the readers that are always there; one of those takes over within half a minute.
resource "aws_rds_cluster_instance" "this" {
  count                                 = 1 + var.readers_min
  identifier                            = "${var.name}-${count.index}"
  cluster_identifier                    = aws_rds_cluster.this.id
  instance_class                        = "db.serverless"
  engine                                = aws_rds_cluster.this.engine
  promotion_tier                        = count.index == 0 ? 0 : 1
  publicly_accessible                   = false
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.key_arn
  performance_insights_retention_period = 7
  auto_minor_version_upgrade            = true
  ca_cert_identifier                    = "rds-ca-rsa2048-g1"
}

# Only somebody's own reading brings load to readers: without a range there is nothing to scale.
resource "aws_appautoscaling_target" "readers" {
  count              = var.readers_max > var.readers_min ? 1 : 0
  service_namespace  = "rds"
  scalable_dimension = "rds:cluster:ReadReplicaCount"
  resource_id        = "cluster:${aws_rds_cluster.this.cluster_identifier}"
  min_capacity       = var.readers_min
  max_capacity       = var.readers_max
  depends_on         = [aws_rds_cluster_instance.this]
}

resource "aws_appautoscaling_policy" "readers" {
  count              = length(aws_appautoscaling_target.readers)
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.readers[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.readers[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.readers[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 70
    scale_out_cooldown = 300
    scale_in_cooldown  = 900

    predefined_metric_specification {
      predefined_metric_type = "RDSReaderAverageCPUUtilization"
    }
  }
}
