# Downloads.

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
