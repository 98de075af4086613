variable "domains" {
  description = "Names that the certificate is for."
  type        = list(string)
}

variable "zone_id" {
  description = "Route 53 zone of the names."
  type        = string
}
