# The team size: a company's own mdreader on managed services, one file a concern. infra/README.md says how to start.

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
  tags       = merge({ Project = "mdreader", Environment = var.name, ManagedBy = "terraform" }, var.tags)
  account_id = data.aws_caller_identity.this.account_id
  partition  = data.aws_partition.this.partition
  public_url = "https://${var.domain}"
}

module "key" {
  source     = "../../modules/key"
  name       = var.name
  region     = var.region
  account_id = local.account_id
  partition  = local.partition
}
