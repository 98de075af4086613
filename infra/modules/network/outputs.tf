output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Addresses of the VPC."
  value       = var.cidr
}

output "public_subnet_ids" {
  description = "Subnets with a route to the internet."
  value       = aws_subnet.public[*].id
}

output "isolated_subnet_ids" {
  description = "Subnets without a route, for database and cache."
  value       = aws_subnet.isolated[*].id
}

output "task_subnet_ids" {
  description = "Where tasks run: private subnets, or the public ones without NAT."
  value       = local.private ? aws_subnet.private[*].id : aws_subnet.public[*].id
}

output "tasks_have_public_addresses" {
  description = "Whether a task needs a public address to reach AWS."
  value       = !local.private
}

output "s3_prefix_list_id" {
  description = "S3's addresses, as the gateway endpoint routes them."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}

output "routes" {
  description = "What the isolated subnets can reach beyond the VPC (nothing), and how many NAT gateways there are."
  value = {
    isolated = aws_route_table.isolated.route
    gateways = length(aws_nat_gateway.this)
    mapped   = anytrue(concat(aws_subnet.public[*].map_public_ip_on_launch, aws_subnet.isolated[*].map_public_ip_on_launch))
  }
}

output "task_security_group_id" {
  description = "Security group of servers and workers."
  value       = aws_security_group.tasks.id
}
