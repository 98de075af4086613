variable "name" {
  description = "Name of the cache; 40 characters at most."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the cache."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a route."
  type        = list(string)
}

variable "task_security_group_id" {
  description = "Security group that may connect."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts what lies on its disks."
  type        = string
}

variable "engine_version" {
  description = "Version of Valkey 8."
  type        = string
  default     = "8.0"

  validation {
    condition     = can(regex("^8\\.\\d$", var.engine_version))
    error_message = "Valkey 8, such as 8.0."
  }
}

variable "node_type" {
  description = "Node type of ElastiCache."
  type        = string
  default     = "cache.t4g.micro"

  validation {
    condition     = can(regex("^cache\\.[a-z0-9]+g[a-z]*\\.[a-z0-9]+$", var.node_type))
    error_message = "An ARM node, such as cache.t4g.micro or cache.m7g.large."
  }
}

variable "replicas" {
  description = "Copies of each node in other zones, one of which takes over. Without one, the servers do without the cache until it is back."
  type        = number
  default     = 0

  validation {
    condition     = var.replicas >= 0 && var.replicas <= 5
    error_message = "0 to 5."
  }
}

variable "shards" {
  description = "Shards in cluster mode; null is one node without it."
  type        = number
  default     = null

  validation {
    condition     = var.shards == null ? true : var.shards >= 1 && var.shards <= 90
    error_message = "1 to 90, or null."
  }
}
