variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the other region."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a route, in two zones or more."
  type        = list(string)
}

variable "key_arn" {
  description = "Key of the other region."
  type        = string
}

variable "global_identifier" {
  description = "The global cluster that is followed."
  type        = string
}

variable "engine_version" {
  description = "Version of the cluster that is followed."
  type        = string
}

variable "instances" {
  description = "Instances that read there; 0 is storage alone."
  type        = number
}

variable "acu_min" {
  description = "Capacity that is always there, in ACU."
  type        = number
}

variable "acu_max" {
  description = "Capacity at most, in ACU."
  type        = number
}

variable "backup_days" {
  description = "Days to which the copy can be put back."
  type        = number
}

variable "deletion_protection" {
  description = "Whether the copy must be unlocked before it can be destroyed."
  type        = bool
}
