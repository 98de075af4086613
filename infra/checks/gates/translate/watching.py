"""Logs, alarms, schedules and trails."""

from typing import Any

from gates.plans import UNKNOWN
from gates.translate.shape import Shape, Values, always, at, document, fill, number, strings


def _dimensions(values: Values) -> Any:
    named = values.get("dimensions")
    return None if named is UNKNOWN else [{"Name": key, "Value": value} for key, value in (named or {}).items()] or None


def _metrics(values: Values) -> Any:
    found = []
    for query in values.get("metric_query") or []:
        one = fill(
            {"Id": at("id"), "Expression": at("expression"), "Label": at("label"), "ReturnData": at("return_data")},
            query,
        )
        if query.get("metric"):
            metric = query["metric"][0]
            inner = fill(
                {"Namespace": at("namespace"), "MetricName": at("metric_name"), "Dimensions": _dimensions}, metric
            )
            one["MetricStat"] = fill(
                {"Metric": always(inner), "Period": at("period"), "Stat": at("stat"), "Unit": at("unit")}, metric
            )
        found.append(one)
    return found or None


SHAPES = {
    "aws_cloudwatch_metric_alarm": Shape(
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": at("alarm_name"),
            "ComparisonOperator": at("comparison_operator"),
            "EvaluationPeriods": at("evaluation_periods"),
            "DatapointsToAlarm": number("datapoints_to_alarm"),
            "Threshold": at("threshold"),
            "MetricName": at("metric_name"),
            "Namespace": at("namespace"),
            "Period": number("period"),
            "Statistic": at("statistic"),
            "ExtendedStatistic": at("extended_statistic"),
            "TreatMissingData": at("treat_missing_data"),
            "Dimensions": _dimensions,
            "Metrics": _metrics,
        },
    ),
    "aws_cloudwatch_log_group": Shape(
        "AWS::Logs::LogGroup", {"LogGroupName": at("name"), "RetentionInDays": number("retention_in_days")}
    ),
    "aws_cloudwatch_event_rule": Shape(
        "AWS::Events::Rule",
        {
            "EventPattern": document("event_pattern"),
            "ScheduleExpression": at("schedule_expression"),
            "State": lambda values: None if values.get("state") is UNKNOWN else values.get("state"),
        },
    ),
    "aws_cloudtrail": Shape(
        "AWS::CloudTrail::Trail",
        {
            "IsLogging": at("enable_logging"),
            "IsMultiRegionTrail": at("is_multi_region_trail"),
            "EnableLogFileValidation": at("enable_log_file_validation"),
            "S3BucketName": always("bucket"),
        },
    ),
    "aws_flow_log": Shape(
        "AWS::EC2::FlowLog",
        {
            "TrafficType": at("traffic_type"),
            "MaxAggregationInterval": number("max_aggregation_interval"),
            "ResourceType": always("VPC"),
            "ResourceId": always("vpc-0123456789abcdef0"),
            "LogGroupName": always("refused"),
            "DeliverLogsPermissionArn": always("arn:aws:iam::111122223333:role/flow-logs"),
        },
    ),
    "aws_cloudwatch_composite_alarm": Shape(
        "AWS::CloudWatch::CompositeAlarm", {"AlarmRule": at("alarm_rule"), "AlarmActions": strings("alarm_actions")}
    ),
}
