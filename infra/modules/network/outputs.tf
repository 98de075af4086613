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
  # AWS makes no load balancer before the way out is there, and takes the way out away after it alone.
  depends_on = [aws_route.internet, aws_route_table_association.public]
}

output "isolated_subnet_ids" {
  description = "Subnets without a route, for database and cache."
  value       = aws_subnet.isolated[*].id
}

output "task_subnet_ids" {
  description = "Where tasks run: private subnets, or the public ones without NAT."
  value       = local.private ? aws_subnet.private[*].id : aws_subnet.public[*].id
  # A task that starts before it can reach AWS fails, and so does one that loses its way out while it stops.
  depends_on = [
    aws_route.internet, aws_route_table_association.public, aws_route.nat, aws_route_table_association.private,
    aws_vpc_endpoint.s3, aws_vpc_endpoint.interface,
  ]
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
