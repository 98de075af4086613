# Somebody hears of a machine that stopped answering; when its hardware fails, AWS starts it elsewhere by itself.

resource "aws_sns_topic" "alarms" {
  count             = var.alarm_email == null ? 0 : 1
  name              = "${var.name}-alarms"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "alarms" {
  count     = var.alarm_email == null ? 0 : 1
  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "status" {
  alarm_name          = "${var.name}-status"
  alarm_description   = "The machine or its host does not answer."
  namespace           = "AWS/EC2"
  metric_name         = "StatusCheckFailed_System"
  dimensions          = { InstanceId = aws_instance.this.id }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "missing"
  alarm_actions       = concat(["arn:${var.partition}:automate:${var.region}:ec2:recover"], aws_sns_topic.alarms[*].arn)
}

resource "aws_cloudwatch_metric_alarm" "credits" {
  count               = var.alarm_email == null ? 0 : 1
  alarm_name          = "${var.name}-credits"
  alarm_description   = "The machine has used up its CPU credits: more people than it carries, or something runs wild."
  namespace           = "AWS/EC2"
  metric_name         = "CPUCreditBalance"
  dimensions          = { InstanceId = aws_instance.this.id }
  statistic           = "Minimum"
  period              = 300
  evaluation_periods  = 3
  threshold           = 20
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "notBreaching" # machines that do not burst have none
  alarm_actions       = aws_sns_topic.alarms[*].arn
}
