variable "name" {
  description = "Name of the web ACL."
  type        = string
}

variable "requests_per_5_minutes" {
  description = "Requests of one address in five minutes above which it is blocked. An office is one address."
  type        = number

  validation {
    condition     = var.requests_per_5_minutes >= 100
    error_message = "100 at least."
  }
}
