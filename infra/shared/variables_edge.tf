# What stands before the load balancer.

variable "price_class" {
  description = "Where CloudFront answers: PriceClass_100 (America and Europe), PriceClass_200, PriceClass_All."
  type        = string
  default     = "PriceClass_100"
}

variable "waf" {
  description = "WAF before CloudFront."
  type        = bool
  default     = true
}

variable "waf_requests_per_5_minutes" {
  description = "Requests of one address in five minutes above which it is blocked. An office is one address."
  type        = number
  default     = 10000
}
