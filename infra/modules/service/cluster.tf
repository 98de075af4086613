resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = var.container_insights ? "enabled" : "disabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = toset(["web", "worker", "migrate"])
  name              = "/${var.name}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.key_arn
}

# Values that people choose: who CloudFront is, and secrets of providers. They are put here by infra/scripts/secrets.sh, never by
# Terraform, whose state would hold them.
resource "aws_secretsmanager_secret" "app" {
  name                    = "${var.name}/app"
  description             = "origin_secret, cloudfront_private_key and secrets of sign-in providers of ${var.name}"
  kms_key_id              = var.key_arn
  recovery_window_in_days = 7
}
