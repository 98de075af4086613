# What the machine may do: be reached by SSM, and pull its image when that lies in ECR. AWS's own policy for SSM would let it read every
# parameter of the account besides.

data "aws_iam_policy_document" "ec2" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "machine" {
  statement {
    sid = "SessionManager"
    actions = [
      "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage", "ec2messages:GetEndpoint",
      "ec2messages:GetMessages", "ec2messages:SendReply", "ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"] # AWS knows no resource for these
  }

  dynamic "statement" {
    for_each = var.image_repository_arn == null ? [] : [var.image_repository_arn]
    content {
      sid       = "Image"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = var.image_repository_arn == null ? [] : ["login"]
    content {
      sid       = "ImageLogin"
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"] # AWS knows no resource for it
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = "${var.name}-${var.region}"
  assume_role_policy = data.aws_iam_policy_document.ec2.json
}

resource "aws_iam_role_policy" "machine" {
  name   = "machine"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}

resource "aws_iam_instance_profile" "this" {
  name = "${var.name}-${var.region}"
  role = aws_iam_role.machine.name
}
