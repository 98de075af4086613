variable "name" {
  description = "Name of the API."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the load balancer."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the VPC link."
  type        = list(string)
}

variable "load_balancer_security_group_id" {
  description = "Security group of the load balancer, which is opened for the link."
  type        = string
}

variable "listener_arn" {
  description = "HTTPS listener of the load balancer."
  type        = string
}

variable "origin_domain" {
  description = "Name in the load balancer's certificate."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts the logs."
  type        = string
}

variable "requests_per_second" {
  description = "Requests a second above which 429 is answered; twice as many for a moment."
  type        = number
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30
}
