variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "domain" {
  description = "Name that people open."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone of the name."
  type        = string
}

variable "origin_domain" {
  description = "Name of the load balancer, which its certificate holds."
  type        = string
}

variable "origin_header" {
  description = "Header that CloudFront proves itself with, in lower case."
  type        = string
  default     = "x-mdreader-origin"
}

variable "prove" {
  description = "Whether to bring the header. A distribution that leads to redirects alone has nothing to prove."
  type        = bool
  default     = true
}

variable "certificate_arn" {
  description = "Certificate of us-east-1 for the name."
  type        = string
}

variable "web_acl_arn" {
  description = "Web ACL of us-east-1; null is none."
  type        = string
  default     = null
}

variable "price_class" {
  description = "CloudFront's price class."
  type        = string

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "api" {
  description = "API Gateway and the paths that go through it; null: everything goes to the load balancer."
  type = object({
    domain = string
    paths  = list(string)
  })
  default = null
}
