# The password in Secrets Manager, in the shape that servers, proxy and AWS's rotation read. It is changed by AWS's own function for
# PostgreSQL, which runs beside the database; the one that was sent at first opens nothing after that.

resource "aws_secretsmanager_secret" "this" {
  name                    = "${var.name}/database"
  description             = "User and password of the database of ${var.name}"
  kms_key_id              = var.key_arn
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo_version = var.password_version

  secret_string_wo = jsonencode({
    engine              = "postgres"
    host                = aws_rds_cluster.this.endpoint
    port                = 5432
    dbname              = "mdreader"
    username            = "mdreader"
    password            = var.password
    dbClusterIdentifier = var.name
  })
}

resource "aws_security_group" "rotation" {
  name        = "${var.name}-rotation"
  description = "The function that changes the password"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-rotation" }
}

resource "aws_vpc_security_group_egress_rule" "rotation" {
  for_each          = { "Database" = 5432, "Secrets Manager" = 443 }
  security_group_id = aws_security_group.rotation.id
  description       = each.key
  cidr_ipv4         = var.vpc_cidr
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_serverlessapplicationrepository_cloudformation_stack" "rotation" {
  name             = "${var.name}-rotation"
  application_id   = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSPostgreSQLRotationSingleUser"
  semantic_version = var.rotation_version
  capabilities     = ["CAPABILITY_IAM", "CAPABILITY_RESOURCE_POLICY"]

  parameters = {
    functionName        = "${var.name}-rotation"
    endpoint            = "https://secretsmanager.${var.region}.amazonaws.com"
    vpcSubnetIds        = join(",", var.subnet_ids)
    vpcSecurityGroupIds = aws_security_group.rotation.id
    kmsKeyArn           = var.key_arn
    excludeCharacters   = ":/?#[]@!$&'()*+,;=%\"\\ "
  }
}

resource "aws_secretsmanager_secret_rotation" "this" {
  secret_id           = aws_secretsmanager_secret.this.id
  rotation_lambda_arn = aws_serverlessapplicationrepository_cloudformation_stack.rotation.outputs["RotationLambdaARN"]
  rotate_immediately  = true # what was typed for the first apply is gone at once

  rotation_rules {
    automatically_after_days = var.password_rotation_days
  }

  depends_on = [aws_secretsmanager_secret_version.this, aws_rds_cluster_instance.this]
}
