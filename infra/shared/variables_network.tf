# Addresses, and how tasks reach AWS.

variable "cidr" {
  description = "Addresses of the VPC, a /16 to a /20."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "A network from /16 to /20, such as 10.20.0.0/16."
  }
}

variable "nat" {
  description = "How tasks reach AWS: none (public subnets, where security groups let in the load balancer alone), gateway (private subnets and NAT) or endpoints (private subnets, no way to the internet: people cannot sign in with Google or GitHub)."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "gateway", "endpoints"], var.nat)
    error_message = "nat is none, gateway or endpoints."
  }
}

variable "nat_per_zone" {
  description = "With nat = gateway: one in each zone instead of one."
  type        = bool
  default     = false
}
