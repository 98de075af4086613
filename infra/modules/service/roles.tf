# Four roles. ECS itself (execution) pulls the image, writes logs and hands over the app's secret. Servers sign addresses of files and
# look after sign-in; workers also send mail and read what became of it; a migration has the database's password and nothing else.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.partition}:ecs:${var.region}:${var.account_id}:*"]
    }
  }
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # AWS knows no resource for it
  }
  statement {
    sid       = "Image"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.repository_arn]
  }
  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/${var.name}/*:log-stream:*"]
  }
  statement {
    sid       = "AppSecret"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:${var.partition}:secretsmanager:${var.region}:${var.account_id}:secret:${var.name}/app-??????"] # AWS adds six letters
  }
  statement {
    sid       = "AppSecretKey"
    actions   = ["kms:Decrypt"]
    resources = [var.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "database" {
  statement {
    sid       = "DatabasePassword"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.database.secret_arn]
  }
  statement {
    sid       = "DatabasePasswordKey"
    actions   = ["kms:Decrypt"]
    resources = [var.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

# What servers and workers both do.
data "aws_iam_policy_document" "server" {
  statement {
    sid       = "Files"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${var.files.bucket_arn}/*"]
  }
  statement {
    sid       = "Bucket" # the latter two for `mdreader doctor --cloud`
    actions   = ["s3:ListBucket", "s3:GetBucketCORS", "s3:GetBucketPublicAccessBlock"]
    resources = [var.files.bucket_arn]
  }
  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["s3", "sns", "sqs"] : "${service}.${var.region}.amazonaws.com"]
    }
  }
  statement {
    sid       = "Notices"
    actions   = ["sns:Publish"]
    resources = [var.topic_arn]
  }
  statement {
    sid       = "Bell"
    actions   = ["sqs:SendMessage", "sqs:GetQueueAttributes"]
    resources = [var.jobs_queue.arn]
  }
  dynamic "statement" {
    for_each = var.identity == null ? [] : [var.identity.pool_arn]
    content {
      sid = "Accounts"
      actions = [
        "cognito-idp:AdminGetUser", "cognito-idp:AdminUserGlobalSignOut",
        "cognito-idp:AdminSetUserPassword", "cognito-idp:AdminUpdateUserAttributes",
        "cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPoolClient",
      ]
      resources = [statement.value]
    }
  }
}

# What is done in the background.
data "aws_iam_policy_document" "background" {
  statement {
    sid       = "Mail"
    actions   = ["ses:SendEmail", "ses:SendRawEmail"]
    resources = [var.mail.identity_arn, var.mail.configuration_set_arn]
    condition {
      test     = "StringEquals"
      variable = "ses:FromAddress"
      values   = [var.mail.from_address]
    }
  }
  statement {
    sid       = "MailState" # for `mdreader doctor --cloud`
    actions   = ["ses:GetEmailIdentity"]
    resources = [var.mail.identity_arn]
  }
  statement {
    sid       = "MailAccount"
    actions   = ["ses:GetAccount"]
    resources = ["*"] # AWS knows no resource for it
  }
  statement {
    sid       = "Queues"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [var.mail.queue_arn, var.jobs_queue.arn]
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-${var.region}-execution"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role" "web" {
  name               = "${var.name}-${var.region}-web"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role" "worker" {
  name               = "${var.name}-${var.region}-worker"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role" "migrate" {
  name               = "${var.name}-${var.region}-migrate"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start-tasks"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role_policy" "database" {
  for_each = { web = aws_iam_role.web.id, worker = aws_iam_role.worker.id, migrate = aws_iam_role.migrate.id }
  name     = "database"
  role     = each.value
  policy   = data.aws_iam_policy_document.database.json
}

resource "aws_iam_role_policy" "server" {
  for_each = { web = aws_iam_role.web.id, worker = aws_iam_role.worker.id }
  name     = "server"
  role     = each.value
  policy   = data.aws_iam_policy_document.server.json
}

resource "aws_iam_role_policy" "background" {
  # Without workers of their own the servers do that work.
  for_each = merge({ worker = aws_iam_role.worker.id }, local.workers == 0 ? { web = aws_iam_role.web.id } : {})
  name     = "background"
  role     = each.value
  policy   = data.aws_iam_policy_document.background.json
}
