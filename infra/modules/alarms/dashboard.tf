locals {
  # Rows of graphs: a title, and the metrics as CloudWatch's dashboards write them.
  graphs = [
    { title = "Open sockets", metrics = [["mdreader", "connections", "Service", var.service_name, { stat = "Sum" }]] },
    { title = "Commit and delivery, p95 (s)", metrics = [
      ["mdreader", "commit_seconds_p95", "Service", var.service_name, { stat = "Maximum" }],
      ["mdreader", "delivery_lag_seconds_p95", "Service", var.service_name, { stat = "Maximum" }],
    ] },
    { title = "Requests", metrics = [
      ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.load_balancer, { stat = "Sum" }],
      ["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", "LoadBalancer", var.load_balancer, { stat = "Sum" }],
      ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.load_balancer, { stat = "Sum" }],
    ] },
    { title = "Answers, p95 (s)", metrics = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer, { stat = "p95" }]] },
    { title = "Servers", metrics = [
      ["AWS/ApplicationELB", "HealthyHostCount", "TargetGroup", var.target_group, "LoadBalancer", var.load_balancer, { stat = "Minimum" }],
      ["AWS/ApplicationELB", "UnHealthyHostCount", "TargetGroup", var.target_group, "LoadBalancer", var.load_balancer, { stat = "Maximum" }],
    ] },
    { title = "CPU and memory of tasks (%)", metrics = [
      for pair in setproduct(values(var.services), ["CPUUtilization", "MemoryUtilization"]) :
      ["AWS/ECS", pair[1], "ClusterName", var.cluster, "ServiceName", pair[0], { stat = "Average" }]
    ] },
    { title = "Database", metrics = [
      for metric in ["CPUUtilization", "DatabaseConnections"] :
      ["AWS/RDS", metric, keys(local.rds)[0], var.database.identifier, { stat = "Average" }]
    ] },
    { title = "Jobs", metrics = [
      ["mdreader", "jobs_waiting", "Service", var.jobs_service_name, { stat = "Maximum" }],
      ["mdreader", "jobs_oldest_waiting_seconds", "Service", var.jobs_service_name, { stat = "Maximum" }],
    ] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type   = "alarm"
        x      = 0
        y      = 0
        width  = 24
        height = 3
        properties = {
          title  = "Alarms"
          alarms = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn]
        }
      }],
      [for n, graph in local.graphs : {
        type   = "metric"
        x      = n % 3 * 8
        y      = 3 + floor(n / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = graph.title
          region  = var.region
          period  = 300
          metrics = graph.metrics
        }
      }]
    )
  })
}
