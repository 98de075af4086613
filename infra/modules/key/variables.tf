variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region of the key."
  type        = string
}

variable "account_id" {
  description = "Account that owns the key."
  type        = string
}

variable "partition" {
  description = "Partition of the account: aws, aws-cn or aws-us-gov."
  type        = string
}
