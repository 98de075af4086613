variable "name" {
  description = "Name of the pool."
  type        = string
}

variable "region" {
  description = "Region of the pool."
  type        = string
}

variable "public_url" {
  description = "Address that people open."
  type        = string
}

variable "domain_prefix" {
  description = "First part of the name of the hosted pages, which nobody else in the region has."
  type        = string
}

variable "signup" {
  description = "Whether people make accounts themselves."
  type        = bool
}

variable "tier" {
  description = "LITE, ESSENTIALS or PLUS: what each active person costs."
  type        = string

  validation {
    condition     = contains(["LITE", "ESSENTIALS", "PLUS"], var.tier)
    error_message = "LITE, ESSENTIALS or PLUS."
  }
}

variable "providers_made" {
  description = "Providers that infra/scripts/secrets.sh made in the pool, such as Google."
  type        = list(string)
  default     = []
}

variable "ses" {
  description = "Identity, sender and configuration set of SES for the pool's mails; null: Cognito's own, 50 a day."
  type = object({
    identity_arn      = string
    from              = string
    configuration_set = string
  })
  default = null
}

variable "deletion_protection" {
  description = "Whether the pool must be unlocked before it can be destroyed."
  type        = bool
}
