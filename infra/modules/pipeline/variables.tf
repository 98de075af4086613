variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region that is deployed to."
  type        = string
}

variable "account_id" {
  description = "Account that is deployed to."
  type        = string
}

variable "partition" {
  description = "Partition of the account."
  type        = string
}

variable "repository" {
  description = "Repository at GitHub that deploys, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "owner/name, without wildcards."
  }
}

variable "environment" {
  description = "Environment of the repository in which the deployment runs; its rules say who approves."
  type        = string
}

variable "create_provider" {
  description = "Whether to make GitHub's provider of OpenID Connect; an account has one."
  type        = bool
}

variable "repository_arn" {
  description = "Repository of images that is pushed to."
  type        = string
}

variable "cluster" {
  description = "Name of the cluster."
  type        = string
}

variable "services" {
  description = "Names of the services that are updated."
  type        = list(string)
}

variable "families" {
  description = "Families of task definitions that are registered."
  type        = list(string)
}

variable "migration_family" {
  description = "Family of the migration, which is run."
  type        = string
}

variable "migration_log_group_arn" {
  description = "Log group that a migration writes to."
  type        = string
}

variable "role_arns" {
  description = "Roles of the tasks."
  type        = list(string)
}
