output "alarms" {
  description = "Every alarm: what it compares, with which threshold, and whom it tells."
  value = {
    for key, alarm in aws_cloudwatch_metric_alarm.this : key => {
      threshold  = alarm.threshold
      actions    = alarm.alarm_actions
      expression = one([for query in alarm.metric_query : query.expression if query.expression != null && query.expression != ""])
      metrics    = sort(flatten([for query in alarm.metric_query : [for metric in query.metric : metric.metric_name]]))
    }
  }
}

output "graphs" {
  description = "What the dashboard shows, besides the alarms."
  value       = [for graph in local.graphs : graph.title]
}

output "dashboard" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
