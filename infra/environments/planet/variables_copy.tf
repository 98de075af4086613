# The copy in another region.

variable "copy_region" {
  description = "Region of the database's copy, which is another one."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-\\d$", var.copy_region)) && var.copy_region != var.region
    error_message = "Another region than this cell's."
  }
}

variable "copy_cidr" {
  description = "Addresses of the copy's VPC."
  type        = string
  default     = "10.21.0.0/16"
}

variable "copy_instances" {
  description = "Instances of the copy: 0 is storage that follows, 1 is ready to take over at once."
  type        = number
  default     = 0
}
