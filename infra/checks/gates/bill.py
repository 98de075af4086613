"""Does `mdreader cloud plan` count what is planned? What it says of alarms, keys, rules and zones is counted here in the plans themselves.

Every kind of resource is known to cost something, and then stands in the bill, or not to. A new kind is a finding until somebody says
which.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from gates.plans import Plan, Resource
from gates.results import Result, timed
from mdreader.cloud import costs, machines
from mdreader.cloud.load import Load
from mdreader.cloud.sizes import Options, Size, choose

# What is paid, and the lines of the bill that hold it.
PAID: Final[dict[str, tuple[str, ...]]] = {
    "aws_cloudfront_distribution": ("CloudFront, to the servers",),
    "aws_cloudfront_function": ("CloudFront, function",),
    "aws_cloudfront_key_value_store": ("CloudFront, function",),
    "aws_cloudwatch_log_group": ("Logs",),
    "aws_db_instance": ("RDS", "RDS, storage"),
    "aws_db_proxy": ("RDS Proxy",),
    "aws_dlm_lifecycle_policy": ("Snapshots",),
    "aws_ebs_volume": ("EBS",),
    "aws_ecr_repository": ("Images",),
    "aws_ecs_service": ("Fargate", "Public addresses"),
    "aws_elasticache_replication_group": ("Valkey",),
    "aws_instance": ("EC2", "EBS"),
    "aws_kms_key": ("Keys",),
    "aws_lb": ("Load balancer", "Load balancer, LCUs", "Public addresses"),
    "aws_rds_cluster": ("Aurora, storage", "Aurora, copy in another region"),
    "aws_rds_cluster_instance": ("Aurora, capacity",),
    "aws_s3_bucket": ("S3", "S3, requests"),
    "aws_s3_bucket_replication_configuration": ("S3, copy in another region",),
    "aws_secretsmanager_secret": ("Secrets",),
    "aws_sesv2_email_identity": ("Mail",),
    "aws_wafv2_web_acl": ("WAF",),
}
# Paid when the options of a plan ask for it; the counted ones are below.
ASKED_FOR: Final = {
    "aws_apigatewayv2_api",
    "aws_cognito_user_pool",
    "aws_eip",
    "aws_globalaccelerator_accelerator",
    "aws_nat_gateway",
    "aws_vpc_endpoint",
}
COUNTED: Final = {"aws_appautoscaling_policy", "aws_cloudwatch_metric_alarm"}
# Cents a month: messages, queries, events, the first trail, three dashboards, a function that runs once a month, refused connections.
CENTS: Final = {
    "aws_cloudtrail",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_event_rule",
    "aws_flow_log",
    "aws_route53_record",
    "aws_secretsmanager_secret_rotation",
    "aws_serverlessapplicationrepository_cloudformation_stack",
    "aws_sns_topic",
    "aws_sqs_queue",
}
# Parts, rules and rights that nobody pays for: by name, or by how the name begins.
FREE: Final = {
    "aws_appautoscaling_target",
    "aws_cloudfront_cache_policy",
    "aws_cloudfront_key_group",
    "aws_cloudfront_public_key",
    "aws_cloudfront_response_headers_policy",
    "aws_cloudwatch_event_target",
    "aws_db_parameter_group",
    "aws_db_subnet_group",
    "aws_default_security_group",
    "aws_ecr_lifecycle_policy",
    "aws_ecs_cluster",
    "aws_ecs_cluster_capacity_providers",
    "aws_ecs_task_definition",
    "aws_eip_association",
    "aws_elasticache_subnet_group",
    "aws_globalaccelerator_endpoint_group",
    "aws_globalaccelerator_listener",
    "aws_internet_gateway",
    "aws_kms_alias",
    "aws_rds_cluster_parameter_group",
    "aws_rds_global_cluster",
    "aws_route",
    "aws_secretsmanager_secret_version",
    "aws_security_group",
    "aws_sesv2_configuration_set",
    "aws_sesv2_configuration_set_event_destination",
    "aws_sesv2_email_identity_mail_from_attributes",
    "aws_subnet",
    "aws_volume_attachment",
    "aws_vpc",
}
FREE_PARTS: Final = (
    "aws_acm_certificate",
    "aws_apigatewayv2_",
    "aws_cloudfront_origin_",
    "aws_cognito_user_pool_",
    "aws_db_proxy_",
    "aws_iam_",
    "aws_lb_",
    "aws_route_table",
    "aws_s3_bucket_",
    "aws_sns_topic_",
    "aws_sqs_queue_",
    "aws_vpc_security_group_",
)
KNOWN: Final = ASKED_FOR | COUNTED | CENTS | FREE
USERS: Final = 5_000  # of whom every line of a size's bill has something


def check(plans: Sequence[Plan]) -> Result:
    """Every environment that is planned as a whole."""
    whole = [plan for plan in plans if plan.of("aws_vpc")]

    def look() -> tuple[str, list[str]]:
        found = {f"{plan.environment}: {sentence}" for plan in whole for sentence in findings(plan)}
        return f"{len(PAID)} kinds that are paid, in {len(whole)} plans", sorted(found)

    return timed("bill", look)


def findings(plan: Plan) -> Iterator[str]:
    """What a plan has and the bill of its size has not, or otherwise."""
    yield from _kinds(plan)
    for what, counted, said in _counts(plan):
        if counted != said:
            yield f"{counted} {what} are planned, `mdreader cloud plan` reckons with {said} (src/mdreader/cloud/costs.py, machines.py)"


def _kinds(plan: Plan) -> Iterator[str]:
    size = cast("Size", plan.environment)
    lines = {item.name for item in costs.bill(choose(Load(USERS, 2), "us-east-1", size, Options())).items}
    for kind in sorted({resource.type for resource in plan.resources if resource.managed}):
        if kind in PAID:
            for line in PAID[kind]:
                if line not in lines:
                    yield f"{kind} is paid, and the bill has no line {line}"
        elif kind not in KNOWN and not kind.startswith(FREE_PARTS):
            yield f"{kind}: does it cost anything? Say so in infra/checks/gates/bill.py, and put it into the bill"


def _counts(plan: Plan) -> Iterator[tuple[str, int, int]]:
    """What is counted, how often it is planned, and how often the bill has it."""
    if plan.environment == "box":
        yield from _box(plan)
        return
    size = plan.environment
    workers = [one for one in plan.of("aws_ecs_service") if ".worker" in one.address]
    looked_at = sum(map(watched, plan.of("aws_cloudwatch_metric_alarm", "aws_appautoscaling_policy")))
    said = costs.ALARM_METRICS[size] + (costs.WORKER_ALARM_METRICS if workers else 0)
    yield "metrics that alarms look at", looked_at, said
    kept = [
        one for one in plan.of("aws_db_instance", "aws_rds_cluster") if one.values.get("manage_master_user_password")
    ]
    yield "secrets", len(plan.of("aws_secretsmanager_secret")) + len(kept), costs.SECRETS
    yield "keys", len(plan.of("aws_kms_key")), costs.KEYS[size]
    yield "rules of WAF", sum(len(one.values["rule"]) for one in plan.of("aws_wafv2_web_acl")), costs.WAF_RULES
    yield "nodes of the cache", sum(map(_nodes, plan.of("aws_elasticache_replication_group"))), costs.CACHE_NODES[size]
    zones = {
        one.values["availability_zone"] for one in plan.of("aws_subnet") if one.address.startswith("module.network.")
    }
    yield "zones", len(zones), costs.ZONES[size]
    private = any(one.type == "aws_subnet" and ".private" in one.address for one in plan.resources)
    gateways = len(plan.of("aws_nat_gateway"))
    yield "NAT gateways", gateways, costs.NATS if gateways else 0
    yield "addresses of their own", len(plan.of("aws_eip")), gateways
    said = costs.ENDPOINTS if private and not gateways else costs.ENDPOINTS_ALWAYS[size]
    interfaces = [one for one in plan.of("aws_vpc_endpoint") if one.values.get("vpc_endpoint_type") == "Interface"]
    yield "interface endpoints", len(interfaces), said


def _box(plan: Plan) -> Iterator[tuple[str, int, int]]:
    system = sum(one.first("root_block_device").get("volume_size", 0) for one in plan.of("aws_instance"))
    if plan.of("aws_instance"):  # a run that is refused plans none
        yield "GB of the system's volume", system, machines.BOX_SYSTEM_DISK
    yield "volumes of data", len(plan.of("aws_ebs_volume")), 1
    yield "addresses", len(plan.of("aws_eip")), 1


def watched(resource: Resource) -> int:
    """The metrics that an alarm looks at. Scaling towards a target makes two alarms for each of its policies, one for each way."""
    if resource.type == "aws_cloudwatch_metric_alarm":
        return max(1, _with(resource.values.get("metric_query"), "metric"))
    scaling = resource.first("target_tracking_scaling_policy_configuration")
    own = [
        metrics for each in _blocks(scaling.get("customized_metric_specification")) for metrics in [each.get("metrics")]
    ]
    return 2 * max(1, sum(_with(metrics, "metric_stat") for metrics in own))


def _with(blocks: Any, name: str) -> int:
    return sum(bool(block.get(name)) for block in _blocks(blocks))


def _blocks(value: Any) -> list[dict[str, Any]]:
    return [block for block in value if isinstance(block, dict)] if isinstance(value, list) else []


def _nodes(resource: Resource) -> int:
    groups = resource.values.get("num_node_groups")
    if isinstance(groups, int) and groups:
        return groups * (1 + int(resource.values["replicas_per_node_group"]))
    return int(resource.values["num_cache_clusters"])
