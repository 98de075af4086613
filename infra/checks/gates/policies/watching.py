"""Every alarm that matters is there and tells somebody; logs end; a trail says who did what."""

from collections.abc import Iterator
from typing import Any

from gates.plans import UNKNOWN, Plan

# By what is served: words of which one is in the name, metric or expression of some alarm.
WITH_SERVICES = {
    "errors": ("error-rate", "error_rate"),
    "answers of 5xx": ("server-errors", "5xx", "5XX"),
    "latency": ("TargetResponseTime",),
    "CPU": ("cpu", "CPUUtilization"),
    "memory": ("memory", "MemoryUtilization"),
    "dead letters": ("dead", "ApproximateNumberOfMessagesVisible"),
    "commit lag": ("commit",),
}
WITH_DATABASES = {"connections": ("connections", "DatabaseConnections")}
# Aurora's storage grows by itself.
WITH_DISKS = {"disk": ("disk", "storage", "FreeStorageSpace")}


def alarms_tell_somebody(plan: Plan) -> Iterator[str]:
    """An alarm that rings nowhere is none."""
    for alarm in plan.of("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"):
        actions = alarm.values.get("alarm_actions")
        if actions is not UNKNOWN and not [action for action in actions or [] if action]:
            yield f"{alarm.address} tells nobody: alarm_actions"
        if alarm.values.get("actions_enabled") is False:
            yield f"{alarm.address} tells nobody: actions_enabled"
    if (
        plan.of("aws_cloudwatch_metric_alarm")
        and plan.of("aws_sns_topic")
        and not plan.of("aws_sns_topic_subscription")
    ):
        yield "nobody is subscribed to what alarms tell"


def alarms_exist(plan: Plan) -> Iterator[str]:
    """Services and databases have their alarms."""
    said = [_said(alarm.values) for alarm in plan.of("aws_cloudwatch_metric_alarm")]
    wanted = {
        **(WITH_SERVICES if plan.of("aws_ecs_service") else {}),
        **(WITH_DATABASES if plan.of("aws_db_instance", "aws_rds_cluster") else {}),
        **(WITH_DISKS if plan.of("aws_db_instance") else {}),
    }
    for what, words in wanted.items():
        if not any(word in text for text in said for word in words):
            yield f"no alarm is about {what}"


def logs_end(plan: Plan) -> Iterator[str]:
    """Logs are kept for a while, not for ever."""
    for group in plan.of("aws_cloudwatch_log_group"):
        if not group.values.get("retention_in_days"):
            yield f"{group.address} keeps everything for ever: retention_in_days"


def trails_can_be_believed(plan: Plan) -> Iterator[str]:
    """A trail covers every region and shows when somebody changed it."""
    for trail in plan.of("aws_cloudtrail"):
        for name in ("is_multi_region_trail", "enable_log_file_validation", "include_global_service_events"):
            if trail.values.get(name) is not True:
                yield f"{trail.address}: {name} is off"


def _said(values: dict[str, Any]) -> str:
    queries = values.get("metric_query") or []
    metrics = [metric for query in queries for metric in query.get("metric") or []]
    texts = [
        values.get("alarm_name"),
        values.get("metric_name"),
        *(query.get("expression") for query in queries),
        *(metric.get("metric_name") for metric in metrics),
    ]
    return " ".join(str(text) for text in texts if text)


RULES = (alarms_tell_somebody, alarms_exist, logs_end, trails_can_be_believed)
