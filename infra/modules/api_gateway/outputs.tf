output "domain" {
  description = "Name of the API, for CloudFront."
  value       = trimprefix(aws_apigatewayv2_api.this.api_endpoint, "https://")
}
