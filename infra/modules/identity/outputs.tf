output "pool_id" {
  description = "Id of the pool."
  value       = aws_cognito_user_pool.this.id
}

output "pool_arn" {
  description = "ARN of the pool."
  value       = aws_cognito_user_pool.this.arn
}

output "client_id" {
  description = "Id of the app client."
  value       = aws_cognito_user_pool_client.this.id
}

output "domain" {
  description = "Address of the hosted pages when a provider is there, else null: without one they offer nothing that our page does not."
  value       = length(var.providers_made) == 0 ? null : "https://${aws_cognito_user_pool_domain.this.domain}.auth.${var.region}.amazoncognito.com"
}
