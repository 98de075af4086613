output "distribution_id" {
  description = "Distribution that people use."
  value       = aws_cloudfront_distribution.this.id
}

output "key_value_store_arn" {
  description = "Where infra/scripts/secrets.sh puts the header's value."
  value       = one(aws_cloudfront_key_value_store.this[*].arn)
}
