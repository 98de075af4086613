# Aurora and the cache.

variable "database_version" {
  description = "Version of Aurora PostgreSQL 16 to begin with."
  type        = string
  default     = "16.13"
}

variable "database_acu_min" {
  description = "Capacity of each instance that is always there, in ACU of about 2 GiB."
  type        = number
  default     = 0.5
}

variable "database_acu_max" {
  description = "Capacity of each instance at most."
  type        = number
  default     = 128
}

variable "database_readers_min" {
  description = "Readers that are always there: one of them takes over within half a minute when the writer fails. Each costs as much as the writer's least capacity."
  type        = number
  default     = 1
}

variable "database_readers_max" {
  description = "Readers at most; above database_readers_min they come at 70 % of their CPU. The servers read from the writer, so this is for reading of your own, by the output database_reader_address."
  type        = number
  default     = 1
}

variable "database_password" {
  description = "First password of the database, for the first apply alone: TF_VAR_database_password=$(openssl rand -hex 24). In no state and no plan; AWS's rotation replaces it at once."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = var.database_password == null || can(regex("^[A-Za-z0-9]{32,64}$", var.database_password))
    error_message = "32 to 64 letters and digits."
  }
}

variable "database_password_version" {
  description = "Raise it to send another database_password."
  type        = number
  default     = 1
}

variable "database_password_rotation_days" {
  description = "Days after which RDS changes the password."
  type        = number
  default     = 30
}

variable "database_rotation_version" {
  description = "Version of AWS's rotation function in its repository of serverless applications; null takes the newest at the first apply."
  type        = string
  default     = null
}

variable "cache_node_type" {
  description = "Node type of ElastiCache, on ARM."
  type        = string
  default     = "cache.t4g.small"
}

variable "cache_replicas" {
  description = "Copies of each node of the cache in other zones, one of which takes over."
  type        = number
  default     = 1
}

variable "cache_shards" {
  description = "Shards of the cache in cluster mode, which can be added to while it runs; null is one primary without it."
  type        = number
  default     = 1
}
