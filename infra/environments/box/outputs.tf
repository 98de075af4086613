output "url" {
  description = "Address that people open."
  value       = "https://${var.domain}"
}

output "address" {
  description = "Where the name must lead; zone_id does it for you."
  value       = module.box.address
}

output "shell" {
  description = "How to get onto the machine."
  value       = "aws ssm start-session --region ${var.region} --target ${module.box.instance_id}"
}

output "data_volume_id" {
  description = "Volume with everything that is kept, for snapshots and restores."
  value       = module.box.data_volume_id
}
