# Who is told, what is kept, and who deploys.

variable "alarm_emails" {
  description = "Addresses that hear of alarms and notices; each confirms by a mail from AWS."
  type        = set(string)
  default     = []
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_days)
    error_message = "As CloudWatch has it: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365."
  }
}

variable "cloudtrail" {
  description = "A trail of what was done in the account. The first copy of management events is free; switch it off where one is there."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether database, pool and load balancer must be unlocked before they can be destroyed, and images and records kept."
  type        = bool
  default     = true
}

variable "database_backup_days" {
  description = "Days to which the database can be put back."
  type        = number
  default     = 7
}

variable "github_repository" {
  description = "Repository at GitHub that deploys, as owner/name; null makes no role for it."
  type        = string
  default     = null
}

variable "github_create_provider" {
  description = "Whether to make GitHub's provider of OpenID Connect; false where the account has it."
  type        = bool
  default     = true
}
