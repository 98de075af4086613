variable "bucket_name" {
  description = "Name of the bucket."
  type        = string
}

variable "partition" {
  description = "Partition of the account."
  type        = string
}

variable "key_arn" {
  description = "Key of the other region."
  type        = string
}
