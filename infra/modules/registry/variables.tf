variable "name" {
  description = "Name of the repository."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts the images."
  type        = string
}

variable "keep" {
  description = "Images that are kept."
  type        = number
  default     = 30
}

variable "force_delete" {
  description = "Whether images go with the repository when it is destroyed."
  type        = bool
  default     = false
}
