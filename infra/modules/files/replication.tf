# To the bucket of another region, when there is one.

locals {
  copied = var.copy == null ? {} : { copy = var.copy }
}

data "aws_iam_policy_document" "replication_trust" {
  for_each = local.copied

  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [each.value.account_id]
    }
  }
}

resource "aws_iam_role" "replication" {
  for_each           = local.copied
  name               = "${var.name}-files-copy"
  assume_role_policy = data.aws_iam_policy_document.replication_trust[each.key].json
}

resource "aws_iam_role_policy" "replication" {
  for_each = local.copied
  name     = "copy"
  role     = aws_iam_role.replication[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Look"
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = local.arn
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
        Resource = "${local.arn}/*"
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
        Resource = "${each.value.bucket_arn}/*"
      },
      {
        Sid       = "ReadKey"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.key_arn
        Condition = { StringLike = { "kms:ViaService" = "s3.*.amazonaws.com" } }
      },
      {
        Sid       = "WriteKey"
        Effect    = "Allow"
        Action    = "kms:GenerateDataKey"
        Resource  = each.value.key_arn
        Condition = { StringLike = { "kms:ViaService" = "s3.*.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "this" {
  for_each = local.copied
  bucket   = aws_s3_bucket.this.id
  role     = aws_iam_role.replication[each.key].arn

  rule {
    id     = "everything"
    status = "Enabled"
    filter {}

    delete_marker_replication {
      status = "Enabled"
    }
    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }
    destination {
      bucket = each.value.bucket_arn

      encryption_configuration {
        replica_kms_key_id = each.value.key_arn
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this, aws_iam_role_policy.replication]
}
