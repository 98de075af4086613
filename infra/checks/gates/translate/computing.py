"""Tasks, machines and their networks."""

import json
from typing import Any

from gates.plans import UNKNOWN
from gates.translate.shape import Getter, Shape, Values, always, at, block, blocks, number, string, strings


def _containers(values: Values) -> Any:
    """The containers. ECS names their properties in lower case, CloudFormation in upper."""
    text = values.get("container_definitions")
    return UNKNOWN if text is UNKNOWN or text is None else [_upper(container) for container in json.loads(text)]


def _upper(value: Any) -> Any:
    if isinstance(value, list):
        return [_upper(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    # Keys of options and labels are people's own.
    return {
        key[:1].upper() + key[1:]: (inner if key in ("options", "dockerLabels") else _upper(inner))
        for key, inner in value.items()
    }


def _source(kind: str) -> Getter:
    """Whom a rule is about. CloudFormation wants exactly one; which, if none is known yet, does not matter to it."""

    def get(values: Values) -> Any:
        named = [
            key
            for key in ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
            if values.get(key)
        ]
        if kind == "referenced_security_group_id":
            return "sg-0123456789abcdef0" if named in ([], [kind]) else None
        return values[kind] if kind in named and values[kind] is not UNKNOWN else None

    return get


def _rule(whom: str) -> dict[str, Getter]:
    return {
        "IpProtocol": string("ip_protocol"),
        "FromPort": at("from_port"),
        "ToPort": at("to_port"),
        "CidrIp": _source("cidr_ipv4"),
        "CidrIpv6": _source("cidr_ipv6"),
        f"{whom}PrefixListId": lambda values: "pl-0123456789abcdef0" if values.get("prefix_list_id") else None,
        f"{whom}SecurityGroupId": _source("referenced_security_group_id"),
        "Description": at("description"),
        "GroupId": always("sg-0123456789abcdef0"),
    }


SHAPES = {
    "aws_ecs_task_definition": Shape(
        "AWS::ECS::TaskDefinition",
        {
            "Cpu": string("cpu"),
            "Memory": string("memory"),
            "NetworkMode": at("network_mode"),
            "RequiresCompatibilities": strings("requires_compatibilities"),
            "RuntimePlatform": block(
                "runtime_platform",
                {"CpuArchitecture": at("cpu_architecture"), "OperatingSystemFamily": at("operating_system_family")},
            ),
            "EphemeralStorage": block("ephemeral_storage", {"SizeInGiB": at("size_in_gib")}),
            "ExecutionRoleArn": always("arn:aws:iam::111122223333:role/execution"),
            "ContainerDefinitions": _containers,
            "Volumes": blocks("volume", {"Name": at("name")}),
        },
    ),
    "aws_ecs_service": Shape(
        "AWS::ECS::Service",
        {
            "LaunchType": at("launch_type"),
            "CapacityProviderStrategy": blocks(
                "capacity_provider_strategy",
                {"CapacityProvider": at("capacity_provider"), "Weight": at("weight"), "Base": at("base")},
            ),
            "DesiredCount": at("desired_count"),
            "SchedulingStrategy": at("scheduling_strategy"),
            "PlatformVersion": at("platform_version"),
            "AvailabilityZoneRebalancing": at("availability_zone_rebalancing"),
            "HealthCheckGracePeriodSeconds": number("health_check_grace_period_seconds"),
            "TaskDefinition": always("family"),
            "DeploymentConfiguration": lambda values: {
                "MaximumPercent": values.get("deployment_maximum_percent"),
                "MinimumHealthyPercent": values.get("deployment_minimum_healthy_percent"),
            },
            "NetworkConfiguration": lambda values: {
                "AwsvpcConfiguration": {
                    "AssignPublicIp": "ENABLED"
                    if (values.get("network_configuration") or [{}])[0].get("assign_public_ip")
                    else "DISABLED",
                    "Subnets": ["subnet-0123456789abcdef0"],
                }
            },
        },
    ),
    "aws_appautoscaling_target": Shape(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {
            "MinCapacity": at("min_capacity"),
            "MaxCapacity": at("max_capacity"),
            "ScalableDimension": at("scalable_dimension"),
            "ServiceNamespace": at("service_namespace"),
            "ResourceId": at("resource_id"),
        },
    ),
    "aws_instance": Shape(
        "AWS::EC2::Instance", {"InstanceType": at("instance_type"), "ImageId": always("ami-0123456789abcdef0")}
    ),
    "aws_launch_template": Shape(
        "AWS::EC2::LaunchTemplate",
        {
            "LaunchTemplateData": lambda values: (
                {"InstanceType": values["instance_type"]} if values.get("instance_type") else {}
            )
        },
    ),
    "aws_ebs_volume": Shape(
        "AWS::EC2::Volume",
        {
            "AvailabilityZone": always(UNKNOWN),
            "Size": at("size"),
            "VolumeType": at("type"),
            "Encrypted": at("encrypted"),
            "Iops": at("iops"),
        },
    ),
    "aws_vpc": Shape("AWS::EC2::VPC", {"CidrBlock": at("cidr_block"), "InstanceTenancy": at("instance_tenancy")}),
    "aws_subnet": Shape("AWS::EC2::Subnet", {"CidrBlock": at("cidr_block"), "VpcId": always("vpc-0123456789abcdef0")}),
    "aws_security_group": Shape("AWS::EC2::SecurityGroup", {"GroupDescription": at("description")}),
    "aws_vpc_security_group_ingress_rule": Shape("AWS::EC2::SecurityGroupIngress", _rule("Source")),
    "aws_vpc_security_group_egress_rule": Shape("AWS::EC2::SecurityGroupEgress", _rule("Destination")),
    "aws_lambda_function": Shape(
        "AWS::Lambda::Function",
        {
            "Runtime": at("runtime"),
            "Handler": at("handler"),
            "MemorySize": at("memory_size"),
            "Timeout": at("timeout"),
            "Architectures": strings("architectures"),
            "Role": always("arn:aws:iam::111122223333:role/function"),
            "Code": always({"S3Bucket": "bucket", "S3Key": "key"}),
        },
    ),
    "aws_ecr_repository": Shape("AWS::ECR::Repository", {"ImageTagMutability": at("image_tag_mutability")}),
}
