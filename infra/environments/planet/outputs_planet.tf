output "load_balancer_arn" {
  description = "For entry_load_balancers."
  value       = module.load_balancer.arn
}

output "copy_identifier" {
  description = "Cluster in copy_region that follows the database."
  value       = module.copy.identifier
}

output "database_reader_address" {
  description = "Name that leads to the database's readers, for reading of your own: a moment behind, with a user that you make."
  value       = module.database.reader_address
}
