# What rings, and whom: the one topic, when it begins and when it ends. Every threshold is a share of a limit, so that a larger database or
# task needs no new number here.

locals {
  load_balancer = { LoadBalancer = var.load_balancer }
  requests = {
    requests  = { namespace = "AWS/ApplicationELB", name = "RequestCount", stat = "Sum", dimensions = local.load_balancer }
    client    = { namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_4XX_Count", stat = "Sum", dimensions = local.load_balancer }
    server    = { namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", stat = "Sum", dimensions = local.load_balancer }
    no_server = { namespace = "AWS/ApplicationELB", name = "HTTPCode_ELB_5XX_Count", stat = "Sum", dimensions = local.load_balancer }
    latency   = { namespace = "AWS/ApplicationELB", name = "TargetResponseTime", stat = "p95", dimensions = local.load_balancer }
  }
  targets = merge(local.load_balancer, { TargetGroup = var.target_group })
  few     = 50 # requests in five minutes below which a share says nothing

  edge = {
    error-rate = {
      description = "More than 5 % of the requests fail, whosever fault it is"
      threshold   = 5
      expression  = "IF(requests > ${local.few}, 100 * (FILL(client, 0) + FILL(server, 0) + FILL(no_server, 0)) / requests, 0)"
      metrics     = { for id in ["requests", "client", "server", "no_server"] : id => local.requests[id] }
    }
    server-errors = {
      description = "More than 1 % of the requests end with a 5xx"
      threshold   = 1
      expression  = "IF(requests > ${local.few}, 100 * (FILL(server, 0) + FILL(no_server, 0)) / requests, 0)"
      metrics     = { for id in ["requests", "server", "no_server"] : id => local.requests[id] }
    }
    latency = {
      description = "One request of twenty takes longer than a second"
      threshold   = 1
      metrics     = { latency = local.requests.latency }
    }
    unhealthy = {
      description = "A server does not answer its health check"
      threshold   = 0
      metrics = {
        hosts = { namespace = "AWS/ApplicationELB", name = "UnHealthyHostCount", stat = "Maximum", dimensions = local.targets }
      }
    }
  }

  tasks = merge([
    for kind, service in var.services : {
      "${kind}-cpu" = {
        description = "${kind}: CPU above 80 %"
        threshold   = 80
        metrics = {
          cpu = { namespace = "AWS/ECS", name = "CPUUtilization", stat = "Average", dimensions = { ClusterName = var.cluster, ServiceName = service } }
        }
      }
      "${kind}-memory" = {
        description = "${kind}: memory above 85 %"
        threshold   = 85
        metrics = {
          memory = { namespace = "AWS/ECS", name = "MemoryUtilization", stat = "Maximum", dimensions = { ClusterName = var.cluster, ServiceName = service } }
        }
      }
    }
  ]...)

  rds = var.database.cluster ? { DBClusterIdentifier = var.database.identifier } : { DBInstanceIdentifier = var.database.identifier }

  database = merge(
    {
      database-cpu = {
        description = "Database: CPU above 80 %"
        threshold   = 80
        metrics     = { cpu = { namespace = "AWS/RDS", name = "CPUUtilization", stat = "Average", dimensions = local.rds } }
      }
      database-connections = {
        description = "Database: more than 80 % of the ${var.database.max_connections} connections are open"
        threshold   = 0.8 * var.database.max_connections
        metrics     = { open = { namespace = "AWS/RDS", name = "DatabaseConnections", stat = "Maximum", dimensions = local.rds } }
      }
    },
    {
      for key, alarm in {
        # Aurora's storage has no end to come near to; what can end is the capacity.
        database-capacity = {
          description = "Database: more than 80 % of the capacity that it may take"
          threshold   = 80
          metrics     = { acu = { namespace = "AWS/RDS", name = "ACUUtilization", stat = "Average", dimensions = local.rds } }
        }
      } : key => alarm if var.database.cluster
    },
    {
      for key, alarm in {
        database-memory = {
          description = "Database: memory above 85 %"
          threshold   = 85
          expression  = "100 * (1 - free / ${coalesce(var.database.memory_gib, 1) * pow(1024, 3)})"
          metrics     = { free = { namespace = "AWS/RDS", name = "FreeableMemory", stat = "Minimum", dimensions = local.rds } }
        }
        # RDS grows the disk at 90 %, to the limit that was given: whoever is told at 80 % can look before that. Raise
        # database_storage_gb to what the disk has grown to, as the share is taken of that.
        database-disk = {
          description = "Database: more than 80 % of ${coalesce(var.database.storage_gb, 1)} GB are used"
          threshold   = 80
          expression  = "100 * (1 - free / ${coalesce(var.database.storage_gb, 1) * pow(1024, 3)})"
          metrics     = { free = { namespace = "AWS/RDS", name = "FreeStorageSpace", stat = "Minimum", dimensions = local.rds } }
        }
      } : key => alarm if !var.database.cluster
    }
  )

  cache = merge([
    for id in var.cache_nodes : {
      "${id}-memory" = {
        description = "Cache: memory above 85 %"
        threshold   = 85
        metrics = {
          memory = { namespace = "AWS/ElastiCache", name = "DatabaseMemoryUsagePercentage", stat = "Maximum", dimensions = { CacheClusterId = id } }
        }
      }
      "${id}-cpu" = {
        description = "Cache: CPU above 80 %"
        threshold   = 80
        metrics = {
          cpu = { namespace = "AWS/ElastiCache", name = "EngineCPUUtilization", stat = "Average", dimensions = { CacheClusterId = id } }
        }
      }
    }
  ]...)

  queues = {
    for name in var.dead_queues : "${name}-letters" => {
      description = "Messages that nobody could work on, in ${name}"
      threshold   = 0
      metrics = {
        dead = { namespace = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", stat = "Maximum", dimensions = { QueueName = name } }
      }
    }
  }

  # What the servers write of themselves.
  own = {
    commit-lag = {
      description = "Edits wait longer than half a second for the database"
      threshold   = 0.5
      metrics     = { lag = { namespace = "mdreader", name = "commit_seconds_p95", stat = "Maximum", dimensions = { Service = var.service_name } } }
    }
    delivery-lag = {
      description = "Edits reach the others later than after a quarter of a second"
      threshold   = 0.25
      metrics     = { lag = { namespace = "mdreader", name = "delivery_lag_seconds_p95", stat = "Maximum", dimensions = { Service = var.service_name } } }
    }
    jobs-waiting = {
      description = "Work in the background waits longer than five minutes"
      threshold   = 300
      metrics = {
        oldest = { namespace = "mdreader", name = "jobs_oldest_waiting_seconds", stat = "Maximum", dimensions = { Service = var.jobs_service_name } }
      }
    }
  }

  alarms = merge(local.edge, local.tasks, local.database, local.cache, local.queues, local.own)
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]

  dynamic "metric_query" {
    for_each = each.value.metrics
    content {
      id          = metric_query.key
      return_data = try(each.value.expression, null) == null

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        stat        = metric_query.value.stat
        dimensions  = metric_query.value.dimensions
        period      = 300
      }
    }
  }

  dynamic "metric_query" {
    for_each = try(each.value.expression, null) == null ? [] : [each.value.expression]
    content {
      id          = "share"
      label       = each.value.description
      expression  = metric_query.value
      return_data = true
    }
  }
}
