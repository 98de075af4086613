output "identity_arn" {
  description = "Identity of the sender's domain."
  value       = "arn:${var.partition}:ses:${var.region}:${var.account_id}:identity/${aws_sesv2_email_identity.this.email_identity}"
}

output "configuration_set" {
  description = "Name of the configuration set."
  value       = aws_sesv2_configuration_set.this.configuration_set_name
}

output "configuration_set_arn" {
  description = "ARN of the configuration set."
  value       = "arn:${var.partition}:ses:${var.region}:${var.account_id}:configuration-set/${aws_sesv2_configuration_set.this.configuration_set_name}"
}

output "queue_url" {
  description = "Queue of SES's reports."
  value       = module.queue.url
}

output "queue_arn" {
  description = "ARN of the queue."
  value       = module.queue.arn
}

output "dead_queue_name" {
  description = "Queue of reports that could not be taken."
  value       = module.queue.dead_name
}
