"""Nothing is public but the load balancer behind CloudFront, CloudFront itself, and the one machine of the box size."""

from collections.abc import Iterator
from typing import Any

from gates.plans import UNKNOWN, Plan, Resource

EVERYBODY = {"0.0.0.0/0", "::/0"}
# What a machine without anything in front of it serves: HTTP for certificates and redirects, HTTPS.
WEB_PORTS = {80, 443}


def no_open_ports(plan: Plan) -> Iterator[str]:
    """Only a machine that has nothing in front of it lets the world in, by web ports."""
    alone = not plan.of("aws_lb", "aws_cloudfront_distribution")
    for rule in plan.of("aws_vpc_security_group_ingress_rule", "aws_security_group_rule"):
        if rule.values.get("type") == "egress":
            continue
        sources = {rule.values.get("cidr_ipv4"), rule.values.get("cidr_ipv6")} | set(
            rule.values.get("cidr_blocks") or []
        )
        if sources & EVERYBODY and not (alone and _web(rule.values)):
            yield f"{rule.address} lets everybody in, to port {rule.values.get('from_port')}"
    for group in plan.of("aws_security_group", "aws_default_security_group"):
        for block in _listed(group.values.get("ingress")):
            sources = {*(block.get("cidr_blocks") or []), *(block.get("ipv6_cidr_blocks") or [])}
            if sources & EVERYBODY and not (alone and _web(block)):
                yield f"{group.address} lets everybody in, to port {block.get('from_port')}"


def no_public_databases(plan: Plan) -> Iterator[str]:
    """Databases have no public address."""
    for database in plan.of("aws_db_instance", "aws_rds_cluster_instance"):
        if database.values.get("publicly_accessible") not in (False, None, UNKNOWN):
            yield f"{database.address} has a public address"


def load_balancers_only_for_cloudfront(plan: Plan) -> Iterator[str]:
    """A public load balancer answers 403 to whoever does not bring the header of CloudFront."""
    if not any(balancer.values.get("internal") is not True for balancer in plan.of("aws_lb")):
        return
    for listener in plan.of("aws_lb_listener"):
        action = listener.first("default_action")
        if action.get("type") == "redirect":
            continue
        answer = (action.get("fixed_response") or [{}])[0]
        if action.get("type") != "fixed-response" or not str(answer.get("status_code")).startswith("4"):
            yield f"{listener.address} serves whoever does not come through CloudFront"
    for rule in plan.of("aws_lb_listener_rule"):
        if all(action.get("type") == "redirect" for action in rule.values.get("action") or [{}]):
            continue
        headers = [
            header for condition in rule.values.get("condition") or [] for header in condition.get("http_header") or []
        ]
        if not any(str(header.get("http_header_name")).lower() == "x-mdreader-origin" for header in headers):
            yield f"{rule.address} forwards without looking at the header that proves the way through CloudFront"


def no_public_buckets(plan: Plan) -> Iterator[str]:
    """Every bucket has its own complete block of public access."""
    blocks = plan.of("aws_s3_bucket_public_access_block")
    for block in blocks:
        for name in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
            if block.values.get(name) is not True:
                yield f"{block.address}: {name} is off"
    blocked = {_module(block.address) for block in blocks}
    for bucket in plan.of("aws_s3_bucket"):
        if _module(bucket.address) not in blocked:
            yield f"{bucket.address} has no aws_s3_bucket_public_access_block beside it"


def machines_without_metadata_v1(plan: Plan) -> Iterator[str]:
    """A machine's role can be had only with a session token."""
    for machine in plan.of("aws_instance", "aws_launch_template"):
        if machine.first("metadata_options").get("http_tokens") != "required":
            yield f"{machine.address} gives its role away without a session token: http_tokens"


def distributions_have_a_firewall(plan: Plan) -> Iterator[str]:
    """Whoever reaches a distribution has passed the web application firewall."""
    if plan.of("aws_cloudfront_distribution") and not plan.of("aws_wafv2_web_acl"):
        yield "there is no web application firewall"
    for distribution in plan.of("aws_cloudfront_distribution"):
        if distribution.values.get("web_acl_id") in (None, ""):
            yield f"{distribution.address} has no web application firewall"


def firewalls_do_something(plan: Plan) -> Iterator[str]:
    """A firewall counts requests of an address and takes AWS's lists."""
    for acl in plan.of("aws_wafv2_web_acl"):
        statements = [statement for rule in acl.values.get("rule") or [] for statement in rule.get("statement") or []]
        for kind in ("rate_based_statement", "managed_rule_group_statement"):
            if not any(statement.get(kind) for statement in statements):
                yield f"{acl.address} has no {kind}"


def downloads_are_signed(plan: Plan) -> Iterator[str]:
    """Whoever reads from a bucket by CloudFront brings a signature, and nobody reads backups."""
    for distribution in plan.of("aws_cloudfront_distribution"):
        for origin in _listed(distribution.values.get("origin")):
            if origin.get("custom_origin_config"):
                continue
            if origin.get("origin_access_control_id") in (None, ""):
                yield f"{distribution.address} does not show the bucket who it is: origin_access_control_id"
            for behaviour in _behaviours(distribution):
                path = behaviour.get("path_pattern", "everything else")
                # What is not known yet may be a group of keys: the environment's own tests give it a name and look.
                if behaviour.get("trusted_key_groups") in (None, []):
                    yield f"{distribution.address} serves {path} without a signature: trusted_key_groups"
                if "backup" in str(path):
                    yield f"{distribution.address} serves {path}"


def names_lead_to_distributions(plan: Plan) -> Iterator[str]:
    """Each name of a distribution has its addresses of both kinds."""
    records = {
        (record.values.get("name"), record.values.get("type"))
        for record in plan.of("aws_route53_record")
        if record.first("alias")
    }
    for distribution in plan.of("aws_cloudfront_distribution"):
        for name in _listed(distribution.values.get("aliases")):
            for kind in ("A", "AAAA"):
                if (name, kind) not in records:
                    yield f"{distribution.address}: nothing leads there from {name}: aws_route53_record of type {kind}"


def _behaviours(distribution: Resource) -> list[dict[str, Any]]:
    return [
        *_listed(distribution.values.get("default_cache_behavior")),
        *_listed(distribution.values.get("ordered_cache_behavior")),
    ]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _web(rule: dict[str, Any]) -> bool:
    return rule.get("from_port") == rule.get("to_port") and rule.get("from_port") in WEB_PORTS


def _module(address: str) -> str:
    """The module that a resource is in."""
    return address.rsplit(".", 2)[0] if address.count(".") > 1 else ""


RULES = (
    no_open_ports,
    no_public_databases,
    load_balancers_only_for_cloudfront,
    no_public_buckets,
    machines_without_metadata_v1,
    distributions_have_a_firewall,
    firewalls_do_something,
    downloads_are_signed,
    names_lead_to_distributions,
)
