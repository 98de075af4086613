variable "name" {
  description = "Name of the load balancer; 28 characters at most."
  type        = string

  validation {
    condition     = length(var.name) <= 28
    error_message = "The target group's name is this and four characters; 32 are allowed."
  }
}

variable "vpc_id" {
  description = "VPC of the load balancer."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets, in two zones or more."
  type        = list(string)
}

variable "cloudfront_prefix_list_id" {
  description = "AWS's list of the addresses from which CloudFront asks origins."
  type        = string
}

variable "task_security_group_id" {
  description = "Security group of the tasks."
  type        = string
}

variable "allowed_security_groups" {
  description = "Further security groups that may ask, such as a VPC link's, by what they are."
  type        = map(string)
  default     = {}
}

variable "certificate_arn" {
  description = "Certificate of this region for the origin's name and the public one."
  type        = string
}

variable "origin_header" {
  description = "Header that CloudFront proves itself with."
  type        = string
  default     = "x-mdreader-origin"
}

variable "entry" {
  description = "A name whose requests are sent on to another one; null: none."
  type        = object({ from = string, to = string })
  default     = null
}

variable "port" {
  description = "Port of the tasks."
  type        = number
  default     = 8000
}

variable "draining_seconds" {
  description = "Seconds that a leaving task has to answer what it has begun."
  type        = number
  default     = 30
}

variable "deletion_protection" {
  description = "Whether the load balancer must be unlocked before it can be destroyed."
  type        = bool
  default     = true
}
