variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region that sends."
  type        = string
}

variable "account_id" {
  description = "Account that sends."
  type        = string
}

variable "partition" {
  description = "Partition of the account."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone of the sender's domain."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts SES's reports."
  type        = string
}

variable "from_address" {
  description = "Address that mail comes from."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[a-z0-9.-]+\\.[a-z]{2,}$", var.from_address))
    error_message = "An address, such as mdreader@example.org."
  }
}

variable "dmarc" {
  description = "DMARC record of the domain; null leaves it alone, such as where one is there already."
  type        = string
  default     = null
}
