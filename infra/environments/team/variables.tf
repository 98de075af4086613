# Four have no default: domain, zone_id, mail_from, files_public_key. Everything else is the smallest that works for a company.

variable "name" {
  description = "Prefix of every name; two teams in one account have two."
  type        = string
  default     = "mdreader-team"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.name)) && !endswith(var.name, "-")
    error_message = "3 to 24 lower-case letters, digits and hyphens, such as mdreader-team."
  }
}

variable "region" {
  description = "Region that everything but CloudFront is in."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-\\d$", var.region))
    error_message = "A region, such as eu-central-1."
  }
}

variable "tags" {
  description = "Further tags of everything."
  type        = map(string)
  default     = {}
}

variable "domain" {
  description = "Name that people open, such as docs.example.org; files. and origin. are put before it for downloads and load balancer."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "A name without https://, such as docs.example.org."
  }
}

variable "zone_id" {
  description = "Id of the Route 53 zone that domain and the sender's domain are in."
  type        = string

  validation {
    condition     = can(regex("^[A-Z0-9]{6,}$", var.zone_id))
    error_message = "An id such as Z0123456789ABCDEFGHIJ."
  }
}

# ---- network ----

variable "cidr" {
  description = "Addresses of the VPC, a /16 to a /20."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "A network from /16 to /20, such as 10.20.0.0/16."
  }
}

variable "zones" {
  description = "Availability zones."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3, 4], var.zones)
    error_message = "2, 3 or 4."
  }
}

variable "nat" {
  description = "How tasks reach AWS: none (public subnets, where security groups let in the load balancer alone), gateway (private subnets and NAT) or endpoints (private subnets, no way to the internet: people cannot sign in with Google or GitHub)."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "gateway", "endpoints"], var.nat)
    error_message = "nat is none, gateway or endpoints."
  }
}

variable "nat_per_zone" {
  description = "With nat = gateway: one in each zone instead of one."
  type        = bool
  default     = false
}

# ---- edge ----

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

# ---- servers ----

variable "image_tag" {
  description = "Tag of the image in Terraform's task definitions. The pipeline makes newer ones; this is for the first apply and for one without a pipeline."
  type        = string
  default     = "first"
}

variable "task_cpu" {
  description = "CPU units of a server: 256 is a quarter of a CPU."
  type        = number
  default     = 256

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.task_cpu)
    error_message = "256, 512, 1024, 2048 or 4096."
  }
}

variable "task_memory" {
  description = "Memory of a server in MiB; Fargate allows 2 to 8 GiB for each CPU, and 512 for a quarter."
  type        = number
  default     = 512

  validation {
    condition = (
      var.task_cpu == 256 ? contains([512, 1024, 2048], var.task_memory)
      : var.task_memory % 1024 == 0 && var.task_memory >= var.task_cpu * 2 && var.task_memory <= min(var.task_cpu * 8, 30720)
    )
    error_message = "256 CPU units go with 512, 1024 or 2048 MiB; more with 2 to 8 MiB a unit, in steps of 1024."
  }
}

variable "tasks_min" {
  description = "Servers that always run. With 2, the loss of one or of a zone is a reconnect."
  type        = number
  default     = 1

  validation {
    condition     = var.tasks_min >= 1
    error_message = "1 at least."
  }
}

variable "tasks_max" {
  description = "Servers at most."
  type        = number
  default     = 10

  validation {
    condition     = var.tasks_max >= var.tasks_min && var.tasks_max <= 100
    error_message = "From tasks_min to 100."
  }
}

variable "connections_per_task" {
  description = "Open sockets of live editing that a server should have; more servers are started above it."
  type        = number
  default     = 500

  validation {
    condition     = var.connections_per_task >= 10
    error_message = "10 at least."
  }
}

variable "worker_tasks" {
  description = "Workers at most; one always runs. 0 leaves mail and files to the servers."
  type        = number
  default     = 1

  validation {
    condition     = var.worker_tasks >= 0 && var.worker_tasks <= 20
    error_message = "0 to 20."
  }
}

variable "worker_spot" {
  description = "Workers on Fargate Spot, which AWS may take back."
  type        = bool
  default     = false
}

variable "environment" {
  description = "Further settings of the servers (docs/settings.md), none of them secret."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : !can(regex("SECRET|PASSWORD|PRIVATE_KEY|TOKEN|DATABASE_URL", name))])
    error_message = "Secrets do not belong here: they would be in Terraform's state. infra/scripts/secrets.sh puts them into the app's secret."
  }
}

variable "container_insights" {
  description = "Metrics by task and container, at a price for each."
  type        = bool
  default     = false
}

variable "detailed_metrics" {
  description = "A metric of every figure that servers write, for each server too: about $10 a month for each. Without it, those alone that alarms and scaling look at; the log holds the rest."
  type        = bool
  default     = false
}

# ---- database and cache ----

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

variable "database_backup_days" {
  description = "Days to which the database can be put back."
  type        = number
  default     = 7
}

variable "database_password_rotation_days" {
  description = "Days after which RDS changes the password."
  type        = number
  default     = 30
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

# ---- files ----

variable "files_public_key" {
  description = "Public half of the RSA key that signs downloads, PEM; `infra/scripts/secrets.sh key` makes the pair."
  type        = string

  validation {
    condition     = can(regex("^-----BEGIN PUBLIC KEY-----", var.files_public_key))
    error_message = "A PEM that begins with -----BEGIN PUBLIC KEY-----. The private half never goes here."
  }
}

variable "files_further_key_ids" {
  description = "Ids of CloudFront public keys that are trusted too, while one replaces another."
  type        = list(string)
  default     = []
}

# ---- people ----

variable "signup" {
  description = "Whether people make accounts themselves."
  type        = bool
  default     = false
}

variable "identity" {
  description = "Who keeps the accounts: cognito, or mdreader itself (embedded)."
  type        = string
  default     = "cognito"

  validation {
    condition     = contains(["cognito", "embedded"], var.identity)
    error_message = "cognito or embedded."
  }
}

variable "cognito_tier" {
  description = "LITE, ESSENTIALS or PLUS: what each active person costs."
  type        = string
  default     = "ESSENTIALS"
}

variable "cognito_domain_prefix" {
  description = "First part of the hosted pages' name; null makes one of name and account."
  type        = string
  default     = null
}

variable "cognito_providers" {
  description = "Providers that `infra/scripts/secrets.sh google` made in the pool: [\"Google\"]."
  type        = list(string)
  default     = []
}

variable "cognito_mail" {
  description = "Who sends the pool's codes: cognito (50 a day), or ses once the domain is verified and the account is out of the sandbox."
  type        = string
  default     = "cognito"

  validation {
    condition     = contains(["cognito", "ses"], var.cognito_mail)
    error_message = "cognito or ses."
  }
}

variable "google_client_id" {
  description = "With identity = embedded: OAuth client at Google. Its secret is google_client_secret in the app's secret."
  type        = string
  default     = null

  validation {
    condition     = var.google_client_id == null || var.identity == "embedded"
    error_message = "With Cognito the pool knows Google, not the servers: `infra/scripts/secrets.sh google`, then cognito_providers."
  }
}

variable "github_client_id" {
  description = "With identity = embedded: OAuth App at GitHub. Its secret is github_client_secret in the app's secret."
  type        = string
  default     = null

  validation {
    condition     = var.github_client_id == null || var.identity == "embedded"
    error_message = "GitHub speaks no OpenID Connect, so Cognito cannot take it: identity = embedded can."
  }
}

variable "mail_from" {
  description = "Sender of all mail: mdreader@example.org, or mdreader <mdreader@example.org>."
  type        = string

  validation {
    condition     = can(regex("^([^<>]+<)?[^@<>\\s]+@[a-z0-9.-]+\\.[a-z]{2,}>?$", var.mail_from))
    error_message = "mdreader@example.org, or mdreader <mdreader@example.org>."
  }
}

variable "mail_dmarc" {
  description = "DMARC record of the sender's domain, such as \"v=DMARC1; p=quarantine\"; null leaves it alone."
  type        = string
  default     = null
}

# ---- operations ----

variable "alarm_emails" {
  description = "Addresses that hear of alarms and notices; each confirms by a mail from AWS."
  type        = set(string)
  default     = []
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_days)
    error_message = "As CloudWatch has it: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365."
  }
}

variable "cloudtrail" {
  description = "A trail of what was done in the account. The first copy of management events is free; switch it off where one is there."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether database, pool and load balancer must be unlocked before they can be destroyed, and images and records kept."
  type        = bool
  default     = true
}

variable "github_repository" {
  description = "Repository at GitHub that deploys, as owner/name; null makes no role for it."
  type        = string
  default     = null
}

variable "github_environment" {
  description = "Environment of the repository in which deployments run."
  type        = string
  default     = "team"
}

variable "github_create_provider" {
  description = "Whether to make GitHub's provider of OpenID Connect; false where the account has it."
  type        = bool
  default     = true
}
