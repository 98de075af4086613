"""How tasks reach AWS, in each of the three ways that `nat` asks for, and that database and cache reach nothing."""

from collections.abc import Iterator

from gates.plans import Plan

EVERYWHERE = "0.0.0.0/0"
HTTPS = 443
# What tasks call. S3 has its gateway endpoint in every way.
CALLED = {"cognito-idp", "ecr.api", "ecr.dkr", "email", "logs", "secretsmanager", "sns", "sqs"}


def tasks_reach_what_they_call(plan: Plan) -> Iterator[str]:
    """A task has an address of its own, or a gateway, or an endpoint of each service; and not two of these."""
    services = [(service, service.first("network_configuration")) for service in plan.of("aws_ecs_service")]
    if not services:
        return
    gateways, endpoints = plan.of("aws_nat_gateway"), _endpoints(plan)
    for service, network in services:
        public = network.get("assign_public_ip") is True
        if public and gateways:
            yield f"{service.address} has public addresses and pays for NAT: assign_public_ip"
        if not public and not gateways and (missing := CALLED - endpoints):
            yield f"{service.address} does not reach {', '.join(sorted(missing))}: no NAT, no endpoint"
    if not any(endpoint.values.get("vpc_endpoint_type") == "Gateway" for endpoint in plan.of("aws_vpc_endpoint")):
        yield "files go to S3 by the internet or by NAT: aws_vpc_endpoint"


def private_means_private(plan: Plan) -> Iterator[str]:
    """Private subnets have a route to a NAT gateway each or none at all, none to the internet; isolated ones have none ever."""
    private = [
        table for table in plan.of("aws_route_table") if ".private[" in table.address and "copy" not in table.address
    ]
    out = [route for route in plan.of("aws_route") if route.values.get("destination_cidr_block") == EVERYWHERE]
    by_nat = [route for route in out if ".nat[" in route.address]
    if plan.of("aws_nat_gateway") and len(by_nat) != len(private):
        yield f"{len(private)} private subnets, of which {len(by_nat)} have a route to NAT: aws_route"
    for route in by_nat:
        if route.values.get("gateway_id") not in (None, ""):
            yield f"{route.address} leads to the internet itself: gateway_id"
    for table in plan.of("aws_route_table"):
        if ".isolated" in table.address and table.values.get("route") != []:
            yield f"{table.address} may have routes: route"


def endpoints_are_for_the_network_alone(plan: Plan) -> Iterator[str]:
    """Endpoints answer by the services' own names, to the network's addresses alone."""
    cidrs = {vpc.values.get("cidr_block") for vpc in plan.of("aws_vpc")}
    for endpoint in plan.of("aws_vpc_endpoint"):
        if endpoint.values.get("vpc_endpoint_type") != "Interface":
            continue
        if endpoint.values.get("private_dns_enabled") is not True:
            yield f"{endpoint.address} is not asked by whoever asks for the service: private_dns_enabled"
    for rule in plan.of("aws_vpc_security_group_ingress_rule"):
        if ".endpoints[" in rule.address and (
            rule.values.get("cidr_ipv4") not in cidrs or rule.values.get("from_port") != HTTPS
        ):
            yield f"{rule.address} lets in others than the network: cidr_ipv4"


def _endpoints(plan: Plan) -> set[str]:
    """The services that have an endpoint, as `ecr.api` of com.amazonaws.eu-central-1.ecr.api."""
    return {
        str(endpoint.values.get("service_name")).split(".", 3)[-1]
        for endpoint in plan.of("aws_vpc_endpoint")
        if endpoint.values.get("vpc_endpoint_type") == "Interface"
    }


RULES = (tasks_reach_what_they_call, private_means_private, endpoints_are_for_the_network_alone)
