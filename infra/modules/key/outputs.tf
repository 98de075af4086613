output "arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}

output "policy" {
  description = "Who may use the key, as JSON."
  value       = data.aws_iam_policy_document.key.json
}
