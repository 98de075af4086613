variable "name" {
  description = "Prefix of every alarm."
  type        = string
}

variable "region" {
  description = "Region of the metrics."
  type        = string
}

variable "topic_arn" {
  description = "Topic that every alarm tells."
  type        = string
}

variable "service_name" {
  description = "What the servers call themselves in their metrics (OTEL_SERVICE_NAME)."
  type        = string
}

variable "jobs_service_name" {
  description = "The same of whoever does the work in the background, and counts what waits."
  type        = string
}

variable "load_balancer" {
  description = "Load balancer, as CloudWatch names it."
  type        = string
}

variable "target_group" {
  description = "Target group, as CloudWatch names it."
  type        = string
}

variable "cluster" {
  description = "ECS cluster."
  type        = string
}

variable "services" {
  description = "Services of ECS by kind."
  type        = map(string)
}

variable "database" {
  description = "Instance (or cluster of Aurora), its connections, and for an instance its disk (GB) and memory (GiB)."
  type = object({
    identifier      = string
    cluster         = bool
    max_connections = number
    storage_gb      = optional(number)
    memory_gib      = optional(number)
  })
}

variable "cache_nodes" {
  description = "Nodes of the cache."
  type        = list(string)
}

variable "dead_queues" {
  description = "Queues of dead letters."
  type        = list(string)
}
