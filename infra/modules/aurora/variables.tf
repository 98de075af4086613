variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "account_id" {
  description = "Account of the cluster."
  type        = string
}

variable "partition" {
  description = "Partition of the account."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the database."
  type        = string
}

variable "vpc_cidr" {
  description = "Addresses of the VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a route, in two zones or more."
  type        = list(string)
}

variable "task_security_group_id" {
  description = "Security group of the tasks."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts storage, password, logs and insights."
  type        = string
}

variable "engine_version" {
  description = "Version of Aurora PostgreSQL 16 to begin with."
  type        = string
  default     = "16.13"

  validation {
    condition     = can(regex("^16\\.\\d{1,2}$", var.engine_version))
    error_message = "Aurora PostgreSQL 16 with its minor version, such as 16.13."
  }
}

variable "acu_min" {
  description = "Capacity that is always there, in ACU of about 2 GiB."
  type        = number

  validation {
    condition     = var.acu_min >= 0.5 && var.acu_min <= 128 && var.acu_min * 2 == floor(var.acu_min * 2)
    error_message = "0.5 to 128, in steps of 0.5."
  }
}

variable "acu_max" {
  description = "Capacity at most, in ACU."
  type        = number

  validation {
    condition     = var.acu_max >= max(1, var.acu_min) && var.acu_max <= 128 && var.acu_max * 2 == floor(var.acu_max * 2)
    error_message = "From acu_min (and 1) to 128, in steps of 0.5."
  }
}

variable "readers_min" {
  description = "Readers that are always there: one of them takes over when the writer fails, within half a minute."
  type        = number

  validation {
    condition     = var.readers_min >= 1 && var.readers_min <= 15
    error_message = "1 to 15."
  }
}

variable "readers_max" {
  description = "Readers at most. More than readers_min come with the load on them, which the servers bring none of: they read from the writer."
  type        = number

  validation {
    condition     = var.readers_max >= var.readers_min && var.readers_max <= 15
    error_message = "From readers_min to 15."
  }
}

variable "password" {
  description = "First password, for the first apply alone."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "password_version" {
  description = "Raised to send another password."
  type        = number
}

variable "password_rotation_days" {
  description = "Days after which the password is changed."
  type        = number
}

variable "rotation_version" {
  description = "Version of AWS's rotation function; null takes the newest at the first apply."
  type        = string
  default     = null
}

variable "backup_days" {
  description = "Days to which the database can be put back."
  type        = number

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "7 to 35 days."
  }
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "deletion_protection" {
  description = "Whether the database must be unlocked before it can be destroyed."
  type        = bool
}
