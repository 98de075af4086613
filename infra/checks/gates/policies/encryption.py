"""Encrypted at rest, and on the way."""

from collections.abc import Iterator

from gates.plans import UNKNOWN, Plan

AT_REST = {
    "aws_db_instance": "storage_encrypted",
    "aws_rds_cluster": "storage_encrypted",
    "aws_rds_global_cluster": "storage_encrypted",
    "aws_ebs_volume": "encrypted",
    "aws_elasticache_replication_group": "at_rest_encryption_enabled",
    "aws_efs_file_system": "encrypted",
}
WITH_A_KEY = {
    "aws_cloudwatch_log_group": "kms_key_id",
    "aws_sqs_queue": "kms_master_key_id",
    "aws_sns_topic": "kms_master_key_id",
    "aws_secretsmanager_secret": "kms_key_id",
}
OLD_TLS = (
    "ELBSecurityPolicy-2016",
    "ELBSecurityPolicy-TLS-1-0",
    "ELBSecurityPolicy-TLS-1-1",
    "ELBSecurityPolicy-TLS13-1-0",
    "ELBSecurityPolicy-TLS13-1-1",
)


def at_rest(plan: Plan) -> Iterator[str]:
    """Whatever keeps data keeps it encrypted."""
    for kind, name in AT_REST.items():
        for resource in plan.of(kind):
            if str(resource.values.get(name)).lower() != "true" and resource.values.get(name) is not UNKNOWN:
                yield f"{resource.address} is not encrypted: {name}"
    for machine in plan.of("aws_instance"):
        if machine.first("root_block_device").get("encrypted") is not True:
            yield f"{machine.address} starts from a disk that is not encrypted"
    # An environment without a key of its own (a dollar a month) has alarms to tell, and no words of people.
    for kind, name in WITH_A_KEY.items() if plan.of("aws_kms_key") else ():
        for resource in plan.of(kind):
            if resource.values.get(name) in (None, "") and not resource.values.get("sqs_managed_sse_enabled"):
                yield f"{resource.address} is not encrypted with a key of ours: {name}"


def buckets(plan: Plan) -> Iterator[str]:
    """Every bucket says with which key it encrypts."""
    buckets, rules = plan.of("aws_s3_bucket"), plan.of("aws_s3_bucket_server_side_encryption_configuration")
    if len(rules) < len(buckets):
        yield f"{len(buckets)} buckets, of which {len(rules)} say how they are encrypted"
    for configuration in rules:
        default = (configuration.first("rule").get("apply_server_side_encryption_by_default") or [{}])[0]
        if default.get("sse_algorithm") not in ("aws:kms", "aws:kms:dsse", "AES256"):
            yield f"{configuration.address} encrypts with nothing that is known"


def keys_turn(plan: Plan) -> Iterator[str]:
    """Keys of ours are replaced every year."""
    for key in plan.of("aws_kms_key"):
        if key.values.get("enable_key_rotation") is not True and key.values.get("key_usage") in (
            None,
            "ENCRYPT_DECRYPT",
            UNKNOWN,
        ):
            yield f"{key.address} is never replaced: enable_key_rotation"


def databases_force_tls(plan: Plan) -> Iterator[str]:
    """A database refuses whoever speaks without TLS."""
    groups = plan.of("aws_db_parameter_group", "aws_rds_cluster_parameter_group")
    needed = bool(plan.of("aws_db_instance")) or bool(plan.of("aws_rds_cluster"))
    forcing = [
        group
        for group in groups
        if any(
            parameter.get("name") == "rds.force_ssl" and str(parameter.get("value")) == "1"
            for parameter in group.values.get("parameter") or []
        )
    ]
    if needed and not forcing:
        yield "no parameter group of the database has rds.force_ssl = 1"
    for proxy in plan.of("aws_db_proxy"):
        if proxy.values.get("require_tls") is not True:
            yield f"{proxy.address} takes connections without TLS: require_tls"
    for cache in plan.of("aws_elasticache_replication_group"):
        if (
            cache.values.get("transit_encryption_enabled") is not True
            or cache.values.get("transit_encryption_mode") == "preferred"
        ):
            yield f"{cache.address} takes connections without TLS: transit_encryption_enabled, transit_encryption_mode"


def people_speak_tls(plan: Plan) -> Iterator[str]:
    """Browsers, CloudFront and the load balancer speak TLS 1.2 or newer."""
    for listener in plan.of("aws_lb_listener"):
        redirects = listener.first("default_action").get("type") == "redirect"
        if listener.values.get("protocol") == "HTTP" and not redirects:
            yield f"{listener.address} serves without TLS"
        if str(listener.values.get("ssl_policy")).startswith(OLD_TLS):
            yield f"{listener.address} speaks TLS of before 1.2: ssl_policy"
    for distribution in plan.of("aws_cloudfront_distribution"):
        if not str(distribution.first("viewer_certificate").get("minimum_protocol_version")).startswith(
            ("TLSv1.2", "TLSv1.3")
        ):
            yield f"{distribution.address} speaks TLS of before 1.2: minimum_protocol_version"
        if distribution.first("viewer_certificate").get("cloudfront_default_certificate") is True:
            yield f"{distribution.address} has CloudFront's own certificate: cloudfront_default_certificate"
        behaviours = [
            *(distribution.values.get("default_cache_behavior") or []),
            *(distribution.values.get("ordered_cache_behavior") or []),
        ]
        if any(behaviour.get("viewer_protocol_policy") == "allow-all" for behaviour in behaviours):
            yield f"{distribution.address} serves without TLS: viewer_protocol_policy"
        origins = distribution.values.get("origin")
        for origin in origins if isinstance(origins, list) else []:
            custom = (origin.get("custom_origin_config") or [{}])[0]
            if custom and custom.get("origin_protocol_policy") != "https-only":
                yield f"{distribution.address} reaches its origin without TLS: origin_protocol_policy"


RULES = (at_rest, buckets, keys_turn, databases_force_tls, people_speak_tls)
