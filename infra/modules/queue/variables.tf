variable "name" {
  description = "Name of the queue; its dead letters are in NAME-dead."
  type        = string
}

variable "key_arn" {
  description = "Key that encrypts the messages."
  type        = string
}

variable "visibility_seconds" {
  description = "Seconds for which a message that somebody works on is hidden from the others."
  type        = number
  default     = 60
}

variable "retention_seconds" {
  description = "Seconds after which a message is forgotten."
  type        = number
  default     = 345600
}

variable "tries" {
  description = "Times that a message is handed out before it is dead."
  type        = number
  default     = 5
}

variable "topic_arns" {
  description = "Topics that may send."
  type        = list(string)
  default     = []
}
