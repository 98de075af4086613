output "dns_name" {
  description = "AWS's name of the accelerator."
  value       = aws_globalaccelerator_accelerator.this.dns_name
}

output "zone_id" {
  description = "Zone for alias records to it."
  value       = aws_globalaccelerator_accelerator.this.hosted_zone_id
}
