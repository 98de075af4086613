# One has no default: domain. Everything else is the smallest that works.

variable "name" {
  description = "Prefix of every name; two boxes in one account have two."
  type        = string
  default     = "mdreader-box"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.name)) && !endswith(var.name, "-")
    error_message = "3 to 24 lower-case letters, digits and hyphens, such as mdreader-box."
  }
}

variable "region" {
  description = "Region of the machine."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-\\d$", var.region))
    error_message = "A region, such as eu-central-1."
  }
}

variable "tags" {
  description = "Further tags of everything."
  type        = map(string)
  default     = {}
}

variable "domain" {
  description = "Name that people open, such as docs.example.org."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "A name without https://, such as docs.example.org."
  }
}

variable "zone_id" {
  description = "Id of the Route 53 zone that domain is in. Without one, let the name lead to the output address yourself."
  type        = string
  default     = null

  validation {
    condition     = var.zone_id == null || can(regex("^Z[A-Z0-9]{5,}$", var.zone_id))
    error_message = "An id such as Z0123456789ABCDEFGHIJ."
  }
}

# ---- the machine ----

variable "instance_type" {
  description = "An ARM type. t4g.small has 2 CPUs that may burst, and 2 GB."
  type        = string
  default     = "t4g.small"

  validation {
    condition     = can(regex("^(t4g|m[6-9]g|c[6-9]g|r[6-9]g)\\.(small|medium|large|xlarge)$", var.instance_type))
    error_message = "An ARM type with at least 2 GB, such as t4g.small."
  }
}

variable "root_volume_gb" {
  description = "GB for the system and the images."
  type        = number
  default     = 16

  validation {
    condition     = var.root_volume_gb >= 12 && var.root_volume_gb <= 100
    error_message = "12 to 100."
  }
}

variable "data_volume_gb" {
  description = "GB for documents, accounts and the nightly copies. It can be made larger while it runs, never smaller."
  type        = number
  default     = 20

  validation {
    condition     = var.data_volume_gb >= 10 && var.data_volume_gb <= 1000
    error_message = "10 to 1000."
  }
}

variable "data_snapshot_id" {
  description = "Snapshot that a new data volume begins with. A volume that is there is replaced only when you say so (-replace)."
  type        = string
  default     = null

  validation {
    condition     = var.data_snapshot_id == null || can(regex("^snap-[0-9a-f]{8,}$", var.data_snapshot_id))
    error_message = "An id such as snap-0123456789abcdef0."
  }
}

variable "snapshots_kept" {
  description = "Nightly snapshots of the data volume to keep."
  type        = number
  default     = 7

  validation {
    condition     = var.snapshots_kept >= 1 && var.snapshots_kept <= 100
    error_message = "1 to 100."
  }
}

variable "kms_key_arn" {
  description = "A key of your own for the volumes; AWS's own costs nothing."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/", var.kms_key_arn))
    error_message = "The ARN of a key."
  }
}

# ---- who gets in ----

variable "ssh_address" {
  description = "The one IPv4 address that may use SSH. Null, the default: nobody; Session Manager needs no open port."
  type        = string
  default     = null

  validation {
    condition     = var.ssh_address == null || can(cidrhost("${var.ssh_address}/32", 0))
    error_message = "One IPv4 address without a mask, such as 203.0.113.7."
  }
}

variable "mail_ports" {
  description = "Ports of mail servers that the machine may reach; EC2 keeps port 25 shut."
  type        = list(number)
  default     = [465, 587]
}

variable "image_repository_arn" {
  description = "ECR repository that the image is pulled from. Null: deploy.sh builds it on the machine."
  type        = string
  default     = null

  validation {
    condition     = var.image_repository_arn == null || can(regex("^arn:[a-z-]+:ecr:[a-z0-9-]+:\\d{12}:repository/", var.image_repository_arn))
    error_message = "The ARN of a repository, such as arn:aws:ecr:eu-central-1:111122223333:repository/mdreader."
  }
}

variable "alarm_email" {
  description = "Who hears when the machine does not answer or has used up its CPU credits."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.alarm_email))
    error_message = "An address, such as ops@example.org."
  }
}
