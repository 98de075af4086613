variable "name" {
  description = "Name of the instance."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the database."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a route, in two zones or more."
  type        = list(string)
}

variable "task_security_group_id" {
  description = "Security group that may connect."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts storage, password, logs and insights."
  type        = string
}

variable "engine_version" {
  description = "Version of PostgreSQL 16 to begin with; RDS takes newer minor ones by itself."
  type        = string
  default     = "16.13"

  validation {
    condition     = can(regex("^16\\.\\d{1,2}$", var.engine_version))
    error_message = "PostgreSQL 16 with its minor version, such as 16.13."
  }
}

variable "instance_class" {
  description = "Instance class of RDS."
  type        = string
  default     = "db.t4g.small"

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+g[a-z]*\\.(micro|small|medium|large|xlarge|2xlarge|4xlarge)$", var.instance_class))
    error_message = "An ARM class from micro to 4xlarge, such as db.t4g.small or db.m7g.large."
  }
}

variable "storage_gb" {
  description = "Storage at the start, in GB."
  type        = number
  default     = 20

  validation {
    condition     = var.storage_gb >= 20
    error_message = "gp3 begins at 20 GB."
  }
}

variable "storage_max_gb" {
  description = "How far storage grows by itself, in GB."
  type        = number
  default     = 100

  validation {
    condition     = var.storage_max_gb >= var.storage_gb * 1.1
    error_message = "RDS wants a limit that is a tenth above the storage at the start."
  }
}

variable "multi_az" {
  description = "A second instance in another zone, which takes over within a minute or two. It doubles the price."
  type        = bool
  default     = false
}

variable "backup_days" {
  description = "Days to which the database can be put back, to the second."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "7 to 35 days."
  }
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30
}

variable "deletion_protection" {
  description = "Whether the database must be unlocked before it can be destroyed."
  type        = bool
  default     = true
}
