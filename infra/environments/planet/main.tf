# The planet size: one cell of several. A cell is a whole mdreader in one region, with a state of its own; a workspace lives in one cell.
# Apply this folder once for each cell, each time with its own backend key and tfvars file. infra/README.md says how.

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
  name       = "mdreader-${var.cell}"
  tags       = merge({ Project = "mdreader", Environment = local.name, Cell = var.cell, ManagedBy = "terraform" }, var.tags)
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
