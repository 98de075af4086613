# Off by default.

variable "api_gateway" {
  description = "API Gateway (an HTTP API) between CloudFront and load balancer for api_gateway_paths. Live editing never goes through it."
  type        = bool
  default     = false
}

variable "api_gateway_paths" {
  description = "Paths that go through API Gateway: it takes 10 MB and 30 seconds at most, and no WebSocket."
  type        = list(string)
  default     = ["/api/workspaces", "/api/me*"]

  validation {
    condition     = alltrue([for path in var.api_gateway_paths : startswith(path, "/api/") && !startswith("/api/collab/x", trimsuffix(path, "*"))])
    error_message = "Paths below /api/ that leave out /api/collab/: API Gateway would end its sockets."
  }
}

variable "api_gateway_requests_per_second" {
  description = "Requests a second through API Gateway above which 429 is answered."
  type        = number
  default     = 200
}
