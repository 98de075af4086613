output "dns_name" {
  description = "AWS's name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Zone for alias records to it."
  value       = aws_lb.this.zone_id
}

output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "How CloudWatch names it."
  value       = aws_lb.this.arn_suffix
}

output "target_group_arn" {
  description = "Where tasks register."
  value       = aws_lb_target_group.web.arn
}

output "target_group_arn_suffix" {
  description = "How CloudWatch names the target group."
  value       = aws_lb_target_group.web.arn_suffix
}

output "listener_arn" {
  description = "The HTTPS listener."
  value       = aws_lb_listener.https.arn
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.this.id
}
