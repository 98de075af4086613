output "role_arn" {
  description = "Role that the pipeline takes."
  value       = aws_iam_role.this.arn
}

output "trust" {
  description = "Who may take it, as JSON."
  value       = data.aws_iam_policy_document.trust.json
}

output "policy" {
  description = "What it may do, as JSON."
  value       = data.aws_iam_policy_document.this.json
}
