# What each server and worker is; how many there are is in variables.tf.

variable "image_tag" {
  description = "Tag of the image in Terraform's task definitions. The pipeline makes newer ones; this is for the first apply and for one without a pipeline."
  type        = string
  default     = "first"
}

variable "task_cpu" {
  description = "CPU units of a server: 256 is a quarter of a CPU."
  type        = number
  default     = 256

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.task_cpu)
    error_message = "256, 512, 1024, 2048 or 4096."
  }
}

variable "task_memory" {
  description = "Memory of a server in MiB; Fargate allows 2 to 8 GiB for each CPU, and 512 for a quarter."
  type        = number
  default     = 512

  validation {
    condition = (
      var.task_cpu == 256 ? contains([512, 1024, 2048], var.task_memory)
      : var.task_memory % 1024 == 0 && var.task_memory >= var.task_cpu * 2 && var.task_memory <= min(var.task_cpu * 8, 30720)
    )
    error_message = "256 CPU units go with 512, 1024 or 2048 MiB; more with 2 to 8 MiB a unit, in steps of 1024."
  }
}

variable "connections_per_task" {
  description = "Open sockets of live editing that a server should have; more servers are started above it."
  type        = number
  default     = 500

  validation {
    condition     = var.connections_per_task >= 10
    error_message = "10 at least."
  }
}

variable "worker_spot" {
  description = "Workers on Fargate Spot, which AWS may take back."
  type        = bool
  default     = false
}

variable "environment" {
  description = "Further settings of the servers (docs/settings.md), none of them secret."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : !can(regex("SECRET|PASSWORD|PRIVATE_KEY|TOKEN|DATABASE_URL", name))])
    error_message = "Secrets do not belong here: they would be in Terraform's state. infra/scripts/secrets.sh puts them into the app's secret."
  }
}

variable "container_insights" {
  description = "Metrics by task and container, at a price for each."
  type        = bool
  default     = false
}

variable "detailed_metrics" {
  description = "A metric of every figure that servers write, for each server too: about $10 a month for each. Without it, those alone that alarms and scaling look at; the log holds the rest."
  type        = bool
  default     = false
}
