variable "name" {
  description = "Prefix of every name; the image's repository has it, too."
  type        = string
}

variable "account_id" {
  description = "Account of the topic."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts the messages; CloudWatch may use it."
  type        = string
}

variable "emails" {
  description = "Addresses that are told."
  type        = set(string)
}
