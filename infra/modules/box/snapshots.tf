# A snapshot of the data volume each night. They hold what changed only, and are encrypted as the volume is.

data "aws_iam_policy_document" "dlm" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["dlm.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.partition}:dlm:${var.region}:${var.account_id}:policy/*"]
    }
  }
}

data "aws_iam_policy_document" "snapshots" {
  statement {
    sid       = "Look"
    actions   = ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"]
    resources = ["*"] # AWS knows no resource for these
  }
  statement {
    sid       = "OfThisVolume"
    actions   = ["ec2:CreateSnapshot", "ec2:CreateSnapshots"]
    resources = ["arn:${var.partition}:ec2:${var.region}:${var.account_id}:volume/*"]
    condition {
      test     = "StringEquals"
      variable = "ec2:ResourceTag/Backup"
      values   = [var.name]
    }
  }
  statement {
    sid       = "NewSnapshots"
    actions   = ["ec2:CreateSnapshot", "ec2:CreateSnapshots"]
    resources = ["arn:${var.partition}:ec2:${var.region}::snapshot/*"]
  }
  statement {
    sid       = "Mark"
    actions   = ["ec2:CreateTags"]
    resources = ["arn:${var.partition}:ec2:${var.region}::snapshot/*"]
    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateSnapshot", "CreateSnapshots"]
    }
  }
  statement {
    sid       = "LetGo"
    actions   = ["ec2:DeleteSnapshot"]
    resources = ["arn:${var.partition}:ec2:${var.region}::snapshot/*"]
    condition {
      test     = "StringEquals"
      variable = "ec2:ResourceTag/Backup"
      values   = [var.name]
    }
  }
}

resource "aws_iam_role" "snapshots" {
  name               = "${var.name}-${var.region}-snapshots"
  assume_role_policy = data.aws_iam_policy_document.dlm.json
}

resource "aws_iam_role_policy" "snapshots" {
  name   = "snapshots"
  role   = aws_iam_role.snapshots.id
  policy = data.aws_iam_policy_document.snapshots.json
}

resource "aws_dlm_lifecycle_policy" "nightly" {
  description        = "${var.name} data volume each night"
  execution_role_arn = aws_iam_role.snapshots.arn
  state              = "ENABLED"

  policy_details {
    resource_types = ["VOLUME"]
    target_tags    = { Backup = var.name }

    schedule {
      name      = "nightly"
      copy_tags = true

      create_rule {
        interval      = 24
        interval_unit = "HOURS"
        times         = ["03:00"] # an hour after the copy that deploy.sh makes
      }
      retain_rule {
        count = var.snapshots_kept
      }
    }
  }
}
