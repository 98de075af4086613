# RDS and the cache.

variable "database_version" {
  description = "Version of PostgreSQL 16 to begin with; RDS takes newer minor ones by itself."
  type        = string
  default     = "16.13"
}

variable "database_class" {
  description = "Instance class of RDS, on ARM."
  type        = string
  default     = "db.t4g.small"
}

variable "database_storage_gb" {
  description = "Storage at the start, in GB."
  type        = number
  default     = 20
}

variable "database_storage_max_gb" {
  description = "How far storage grows by itself, in GB."
  type        = number
  default     = 100
}

variable "database_multi_az" {
  description = "A second instance in another zone that takes over. It doubles the price."
  type        = bool
  default     = false
}

variable "cache_node_type" {
  description = "Node type of ElastiCache, on ARM."
  type        = string
  default     = "cache.t4g.micro"
}

variable "cache_replicas" {
  description = "Copies of the cache in other zones. Without one the servers do without it until it is back."
  type        = number
  default     = 0
}
