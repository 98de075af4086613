# Four have no default: domain, zone_id, mail_from, files_public_key. Everything else is the smallest that works for a company.
# What both larger sizes ask for is in the files that lead to infra/shared.

variable "name" {
  description = "Prefix of every name; two teams in one account have two."
  type        = string
  default     = "mdreader-team"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.name)) && !endswith(var.name, "-")
    error_message = "3 to 24 lower-case letters, digits and hyphens, such as mdreader-team."
  }
}

variable "region" {
  description = "Region that everything but CloudFront is in."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-\\d$", var.region))
    error_message = "A region, such as eu-central-1."
  }
}

variable "zones" {
  description = "Availability zones."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3, 4], var.zones)
    error_message = "2, 3 or 4."
  }
}

variable "tasks_min" {
  description = "Servers that always run. With 2, the loss of one or of a zone is a reconnect."
  type        = number
  default     = 1

  validation {
    condition     = var.tasks_min >= 1
    error_message = "1 at least."
  }
}

variable "tasks_max" {
  description = "Servers at most."
  type        = number
  default     = 10

  validation {
    condition     = var.tasks_max >= var.tasks_min && var.tasks_max <= 100
    error_message = "From tasks_min to 100."
  }
}

variable "worker_tasks" {
  description = "Workers at most; one always runs. 0 leaves mail and files to the servers."
  type        = number
  default     = 1

  validation {
    condition     = var.worker_tasks >= 0 && var.worker_tasks <= 20
    error_message = "0 to 20."
  }
}

variable "github_environment" {
  description = "Environment of the repository in which deployments run."
  type        = string
  default     = "team"
}
