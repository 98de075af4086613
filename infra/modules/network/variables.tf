variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region of the network."
  type        = string
}

variable "account_id" {
  description = "Account that owns the network."
  type        = string
}

variable "cidr" {
  description = "Addresses of the VPC; a /16 to a /20, which is cut into 16 subnets."
  type        = string
}

variable "availability_zones" {
  description = "Two to four availability zones, by name."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 4
    error_message = "Load balancer and database need two zones; there is room for four."
  }
}

variable "nat" {
  description = "How tasks reach AWS: none (public subnets), gateway (private subnets, NAT) or endpoints (private subnets, interface endpoints)."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "gateway", "endpoints"], var.nat)
    error_message = "nat is none, gateway or endpoints."
  }
}

variable "more_endpoints" {
  description = "Services that are reached inside the VPC whatever `nat` says, such as secretsmanager."
  type        = list(string)
  default     = []
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone instead of one: it costs as many times more, and the loss of a zone takes no other zone's way out."
  type        = bool
  default     = false
}

variable "key_arn" {
  description = "Key that encrypts the flow logs."
  type        = string
}

variable "log_days" {
  description = "Days for which refused connections are kept."
  type        = number
  default     = 30
}
