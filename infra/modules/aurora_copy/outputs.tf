output "identifier" {
  description = "Cluster of the copy."
  value       = aws_rds_cluster.this.cluster_identifier
}
