output "bucket_arn" {
  description = "ARN of the bucket, once it keeps versions, which copying needs."
  value       = "arn:${var.partition}:s3:::${aws_s3_bucket_versioning.this.bucket}"
}
