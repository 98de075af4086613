output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "domain" {
  description = "Name of the downloads."
  value       = var.domain
}

output "key_id" {
  description = "Id of the public key, for CLOUDFRONT_KEY_ID."
  value       = aws_cloudfront_public_key.this.id
}

output "distribution_id" {
  description = "Distribution of the downloads."
  value       = aws_cloudfront_distribution.this.id
}

output "policy" {
  description = "Policy of the bucket, as JSON."
  value       = local.policy
}
