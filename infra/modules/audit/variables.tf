variable "name" {
  description = "Name of the trail."
  type        = string
}

variable "region" {
  description = "Home region of the trail."
  type        = string
}

variable "account_id" {
  description = "Account that is recorded."
  type        = string
}

variable "partition" {
  description = "Partition of the account."
  type        = string
}

variable "bucket_name" {
  description = "Bucket of the records."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts the records."
  type        = string
}

variable "days" {
  description = "Days for which records are kept."
  type        = number
  default     = 365
}

variable "force_destroy" {
  description = "Whether records go with the bucket when it is destroyed."
  type        = bool
  default     = false
}
