# Where it is, and the key for everything at rest. What a size says of itself is in the locals of its main.tf.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_availability_zones" "this" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  account_id = data.aws_caller_identity.this.account_id
  partition  = data.aws_partition.this.partition
  public_url = "https://${var.domain}"
}

module "key" {
  source     = "../../modules/key"
  name       = local.name
  region     = var.region
  account_id = local.account_id
  partition  = local.partition
}
