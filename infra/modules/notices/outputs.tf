output "arn" {
  description = "ARN of the topic."
  value       = aws_sns_topic.this.arn

  # An alarm that rings before the policy is there rings for nobody.
  depends_on = [aws_sns_topic_policy.this]
}
