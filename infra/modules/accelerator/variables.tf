variable "name" {
  description = "Name of the accelerator."
  type        = string
}

variable "load_balancers" {
  description = "ARNs of the cells' load balancers by region."
  type        = map(string)

  validation {
    condition     = alltrue([for region, arn in var.load_balancers : split(":", arn)[3] == region])
    error_message = "Each load balancer is in the region that it stands for."
  }
}
