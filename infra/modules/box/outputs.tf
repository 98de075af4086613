output "instance_id" {
  description = "The machine."
  value       = aws_instance.this.id
}

output "address" {
  description = "Its public address, which stays."
  value       = aws_eip.this.public_ip
}

output "data_volume_id" {
  description = "Volume with everything that is kept."
  value       = aws_ebs_volume.data.id
}

output "security_group_id" {
  description = "Group that says who gets in."
  value       = aws_security_group.this.id
}

output "policies" {
  description = "What its roles may do, and who may take them, as JSON."
  value = {
    machine         = data.aws_iam_policy_document.machine.json
    snapshots       = data.aws_iam_policy_document.snapshots.json
    snapshots_trust = data.aws_iam_policy_document.dlm.json
  }
}

output "volumes" {
  description = "What the tests look at: whether everything on a disk is encrypted, and what the snapshots are of."
  value = {
    root_encrypted = one(aws_instance.this.root_block_device[*].encrypted)
    data_encrypted = aws_ebs_volume.data.encrypted
    data_tags      = aws_ebs_volume.data.tags
    snapshots_of   = one(aws_dlm_lifecycle_policy.nightly.policy_details[*].target_tags)
    kept           = one(one(aws_dlm_lifecycle_policy.nightly.policy_details[*].schedule)[*].retain_rule[0].count)
  }
}

output "metadata_options" {
  description = "How the machine's metadata is read."
  value       = one(aws_instance.this.metadata_options[*])
}

output "ingress" {
  description = "Ports that are open, and from where."
  value = merge(
    { for name, rule in aws_vpc_security_group_ingress_rule.web : tostring(rule.from_port) => rule.cidr_ipv4 },
    { for rule in aws_vpc_security_group_ingress_rule.ssh : tostring(rule.from_port) => rule.cidr_ipv4 },
  )
}

output "alarm_actions" {
  description = "What each alarm does."
  value = merge(
    { status = aws_cloudwatch_metric_alarm.status.alarm_actions },
    { for alarm in aws_cloudwatch_metric_alarm.credits : "credits" => alarm.alarm_actions },
  )
}

output "user_data" {
  description = "What the first start runs."
  value       = local.first_start
}
