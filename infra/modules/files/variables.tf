variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "bucket_name" {
  description = "Name of the bucket, which nobody else in the world has."
  type        = string
}

variable "domain" {
  description = "Name of the downloads."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone of the name."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of us-east-1 for the name."
  type        = string
}

variable "web_acl_arn" {
  description = "Web ACL of us-east-1; null is none."
  type        = string
  default     = null
}

variable "key_arn" {
  description = "Key that encrypts the files."
  type        = string
}

variable "public_key" {
  description = "Public half of the key that signs downloads: RSA 2048, PEM. infra/scripts/secrets.sh makes one."
  type        = string
}

variable "further_key_ids" {
  description = "Ids of further public keys that are trusted while one is replaced by another."
  type        = list(string)
  default     = []
}

variable "allowed_origins" {
  description = "Origins whose pages upload and download."
  type        = list(string)
}

variable "price_class" {
  description = "CloudFront's price class."
  type        = string
}

variable "copy" {
  description = "Bucket and key of another region that files are copied to, and the account; null: none."
  type = object({
    bucket_arn = string
    key_arn    = string
    account_id = string
  })
  default = null
}
