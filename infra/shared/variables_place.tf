# Where people find it, and what it is called in the bill.

variable "tags" {
  description = "Further tags of everything."
  type        = map(string)
  default     = {}
}

variable "domain" {
  description = "Name that people open, such as docs.example.org; files. and origin. are put before it for downloads and load balancer."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "A name without https://, such as docs.example.org."
  }
}

variable "zone_id" {
  description = "Id of the Route 53 zone that domain and the sender's domain are in."
  type        = string

  validation {
    condition     = can(regex("^[A-Z0-9]{6,}$", var.zone_id))
    error_message = "An id such as Z0123456789ABCDEFGHIJ."
  }
}
