variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "account_id" {
  description = "Account of the service."
  type        = string
}

variable "partition" {
  description = "Partition of the account."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts logs, secrets, files and messages."
  type        = string
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30
}

variable "container_insights" {
  description = "Metrics by task and container, at a price for each."
  type        = bool
  default     = false
}

variable "detailed_metrics" {
  description = "A metric of every figure that servers and workers write, by service and by server, at a price for each; without it those alone that alarms and scaling look at."
  type        = bool
  default     = false
}

variable "public_url" {
  description = "Address that people open."
  type        = string
}

variable "port" {
  description = "Port of a task."
  type        = number
  default     = 8000
}

variable "repository_url" {
  description = "Address of the image, without its tag."
  type        = string
}

variable "repository_arn" {
  description = "ARN of the image's repository."
  type        = string
}

variable "image_tag" {
  description = "Tag of the image in the definitions that Terraform makes; the pipeline makes newer ones."
  type        = string
}

variable "network" {
  description = "Where tasks run: subnets, security group, whether they need public addresses, and the VPC's addresses."
  type = object({
    subnet_ids        = list(string)
    security_group_id = string
    public_addresses  = bool
    cidr              = string
  })
}

variable "target_group_arn" {
  description = "Target group of the load balancer."
  type        = string
}

variable "database" {
  description = "Host, the same past a pooler, secret with user and password, connections that are allowed, and whether a pooler stands before it."
  type = object({
    address         = string
    direct_address  = string
    secret_arn      = string
    max_connections = number
    pooled          = bool
  })
}

variable "redis_url" {
  description = "Address of the cache."
  type        = string
}

variable "files" {
  description = "Bucket, and the distribution before it with the id of the key that it trusts."
  type = object({
    bucket     = string
    bucket_arn = string
    domain     = string
    key_id     = string
  })
}

variable "mail" {
  description = "Sender (with its plain address), identity and configuration set of SES, and the queue of its reports."
  type = object({
    from                  = string
    from_address          = string
    identity_arn          = string
    configuration_set     = string
    configuration_set_arn = string
    queue_url             = string
    queue_arn             = string
  })
}

variable "jobs_queue" {
  description = "Queue that wakes workers."
  type = object({
    url = string
    arn = string
  })
}

variable "topic_arn" {
  description = "Topic that operators hear from."
  type        = string
}

variable "identity" {
  description = "Cognito's pool, client and hosted pages; null lets mdreader keep the accounts itself."
  type = object({
    pool_id   = string
    pool_arn  = string
    client_id = string
    domain    = string
  })
  default = null
}

variable "google_client_id" {
  description = "Client at Google; its secret is google_client_secret in the app's secret. Null: no sign-in with Google."
  type        = string
  default     = null
}

variable "github_client_id" {
  description = "OAuth App at GitHub; its secret is github_client_secret in the app's secret. Null: no sign-in with GitHub."
  type        = string
  default     = null
}

variable "environment" {
  description = "Further settings of the servers, none of them secret."
  type        = map(string)
  default     = {}
}

variable "task_cpu" {
  description = "CPU units of a server: 256 is a quarter of a CPU."
  type        = number
}

variable "task_memory" {
  description = "Memory of a server, in MiB."
  type        = number
}

variable "tasks_min" {
  description = "Servers that always run."
  type        = number
}

variable "tasks_max" {
  description = "Servers at most."
  type        = number
}

variable "connections_per_task" {
  description = "Open sockets that a server should have."
  type        = number
}

variable "worker_tasks" {
  description = "Workers at most; 0 leaves their work to the servers."
  type        = number
}

variable "worker_cpu" {
  description = "CPU units of a worker."
  type        = number
  default     = 256
}

variable "worker_memory" {
  description = "Memory of a worker, in MiB."
  type        = number
  default     = 512
}

variable "worker_spot" {
  description = "Workers on capacity that AWS may take back, for less than a third of the price. Their jobs go on elsewhere."
  type        = bool
  default     = false
}
