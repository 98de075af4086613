# The name that all cells have in common.

variable "entry_domain" {
  description = "Name that leads to the nearest cell, such as docs.example.org; the same in every cell. Null: none."
  type        = string
  default     = null
}

variable "entry_load_balancers" {
  description = "In one cell alone: ARNs of all cells' load balancers (output load_balancer_arn) by region. Makes the accelerator."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.entry_load_balancers) == 0 || var.entry_domain != null
    error_message = "entry_domain says what the entry is called."
  }
}
