# The box: one small machine with everything on it. Terraform makes the machine; infra/box/deploy.sh, run there, makes it mdreader.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  tags = merge({ Project = "mdreader", Environment = var.name, ManagedBy = "terraform" }, var.tags)
}

module "box" {
  source               = "../../modules/box"
  name                 = var.name
  region               = var.region
  account_id           = data.aws_caller_identity.this.account_id
  partition            = data.aws_partition.this.partition
  domain               = var.domain
  zone_id              = var.zone_id
  instance_type        = var.instance_type
  root_volume_gb       = var.root_volume_gb
  data_volume_gb       = var.data_volume_gb
  data_snapshot_id     = var.data_snapshot_id
  snapshots_kept       = var.snapshots_kept
  kms_key_arn          = var.kms_key_arn
  ssh_address          = var.ssh_address
  mail_ports           = var.mail_ports
  image_repository_arn = var.image_repository_arn
  alarm_email          = var.alarm_email
}
