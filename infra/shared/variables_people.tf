# Who people are, and how mail reaches them.

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
