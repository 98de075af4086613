variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region of the machine."
  type        = string
}

variable "account_id" {
  description = "Account of the machine."
  type        = string
}

variable "partition" {
  description = "Partition of the account."
  type        = string
}

variable "domain" {
  description = "Name that people open."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone that domain is in; null when it is kept elsewhere."
  type        = string
}

variable "instance_type" {
  description = "An ARM type."
  type        = string
}

variable "root_volume_gb" {
  description = "GB for the system and images."
  type        = number
}

variable "data_volume_gb" {
  description = "GB for everything that is kept."
  type        = number
}

variable "data_snapshot_id" {
  description = "Snapshot that the data volume begins with; null for an empty one."
  type        = string
}

variable "snapshots_kept" {
  description = "Nightly snapshots to keep."
  type        = number
}

variable "kms_key_arn" {
  description = "Key for volumes and messages; null for AWS's own."
  type        = string
}

variable "ssh_address" {
  description = "The one IPv4 address that may use SSH; null for none."
  type        = string
}

variable "mail_ports" {
  description = "Ports of mail servers that the machine may reach."
  type        = list(number)
}

variable "image_repository_arn" {
  description = "ECR repository that the image is pulled from; null when it is built on the machine."
  type        = string
}

variable "alarm_email" {
  description = "Who hears of alarms; null for nobody."
  type        = string
}
