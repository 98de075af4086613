# Eight have no default: cell, cells, region, copy_region, domain, zone_id, mail_from, files_public_key; at the first apply also
# database_password. What both larger sizes ask for is in the files that lead to infra/shared.

variable "cell" {
  description = "Name of this cell, such as eu. It stands in every name, and in the router table of every cell."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,13}$", var.cell)) && !endswith(var.cell, "-")
    error_message = "1 to 14 lower-case letters, digits and hyphens, such as eu."
  }
}

variable "cells" {
  description = "All cells with the addresses that people open, the first of them first; the same in every cell."
  type        = list(object({ name = string, url = string }))

  validation {
    condition     = contains([for cell in var.cells : "${cell.name} ${cell.url}"], "${var.cell} https://${var.domain}")
    error_message = "This cell is among them, with https:// and its domain."
  }
}

variable "region" {
  description = "Region of this cell."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-\\d$", var.region))
    error_message = "A region, such as eu-central-1."
  }
}

variable "zones" {
  description = "Availability zones."
  type        = number
  default     = 3

  validation {
    condition     = contains([2, 3, 4], var.zones)
    error_message = "2, 3 or 4."
  }
}

variable "tasks_min" {
  description = "Servers that always run: two, in two zones."
  type        = number
  default     = 2

  validation {
    condition     = var.tasks_min >= 2
    error_message = "2 at least."
  }
}

variable "tasks_max" {
  description = "Servers at most. AWS allows 1,000 and more of them on request."
  type        = number
  default     = 1000

  validation {
    condition     = var.tasks_max >= var.tasks_min && var.tasks_max <= 1000
    error_message = "From tasks_min to 1000: a cell that needs more is two cells."
  }
}

variable "worker_tasks" {
  description = "Workers at most; one always runs."
  type        = number
  default     = 20

  validation {
    condition     = var.worker_tasks >= 1 && var.worker_tasks <= 200
    error_message = "1 to 200."
  }
}

variable "github_environment" {
  description = "Environment of the repository in which deployments run."
  type        = string
  default     = "planet"
}
