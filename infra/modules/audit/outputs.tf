output "trail_arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "policy" {
  description = "Policy of the bucket, as JSON."
  value       = data.aws_iam_policy_document.this.json
}
