"""What people reach first: CloudFront, WAF, load balancer, names, accounts."""

from typing import Any

from gates.plans import UNKNOWN
from gates.translate.shape import Getter, Shape, Values, always, at, block, fill, number, string, strings

BEHAVIOUR: dict[str, Getter] = {
    "PathPattern": at("path_pattern"),
    "TargetOriginId": at("target_origin_id"),
    "ViewerProtocolPolicy": at("viewer_protocol_policy"),
    "AllowedMethods": strings("allowed_methods"),
    "CachedMethods": strings("cached_methods"),
    "Compress": at("compress"),
    "CachePolicyId": always("658327ea-f89d-4fab-a63d-7e88639e58f6"),
}


def _origin(values: Values) -> dict[str, Any]:
    found = fill(
        {
            "Id": at("origin_id"),
            "DomainName": at("domain_name"),
            "ConnectionAttempts": at("connection_attempts"),
            "ConnectionTimeout": at("connection_timeout"),
        },
        values,
    )
    custom = values.get("custom_origin_config")
    if custom:
        table = {
            "OriginProtocolPolicy": at("origin_protocol_policy"),
            "OriginSSLProtocols": strings("origin_ssl_protocols"),
            "OriginReadTimeout": at("origin_read_timeout"),
            "OriginKeepaliveTimeout": at("origin_keepalive_timeout"),
            "HTTPPort": at("http_port"),
            "HTTPSPort": at("https_port"),
        }
        return {**found, "CustomOriginConfig": fill(table, custom[0])}
    return {**found, "S3OriginConfig": {"OriginAccessIdentity": ""}}


def _distribution(values: Values) -> dict[str, Any]:
    certificate = {
        "MinimumProtocolVersion": at("minimum_protocol_version"),
        "SslSupportMethod": at("ssl_support_method"),
        "AcmCertificateArn": always("arn:aws:acm:us-east-1:111122223333:certificate/1"),
    }
    table: dict[str, Getter] = {
        "Enabled": at("enabled"),
        "HttpVersion": at("http_version"),
        "PriceClass": at("price_class"),
        "Aliases": strings("aliases"),
        "IPV6Enabled": at("is_ipv6_enabled"),
        "DefaultCacheBehavior": lambda one: {
            key: value
            for key, value in fill(BEHAVIOUR, one["default_cache_behavior"][0]).items()
            if key != "PathPattern"
        },
        "CacheBehaviors": lambda one: [
            fill(BEHAVIOUR, behaviour) for behaviour in one.get("ordered_cache_behavior") or []
        ],
        "Origins": lambda one: (
            [_origin(origin) for origin in one["origin"]] if one.get("origin") is not UNKNOWN else None
        ),
        "ViewerCertificate": block("viewer_certificate", certificate),
    }
    return fill(table, values)


def _web_rule(rule: Values) -> dict[str, Any]:
    statement = rule["statement"][0]
    found: dict[str, Any] = {"Name": rule["name"], "Priority": rule["priority"], "VisibilityConfig": _visibility(rule)}
    if statement.get("managed_rule_group_statement"):
        group = statement["managed_rule_group_statement"][0]
        found["Statement"] = {"ManagedRuleGroupStatement": {"Name": group["name"], "VendorName": group["vendor_name"]}}
        found["OverrideAction"] = {"Count": {}} if rule["override_action"][0].get("count") else {"None": {}}
    elif statement.get("rate_based_statement"):
        rate = statement["rate_based_statement"][0]
        found["Statement"] = {
            "RateBasedStatement": {
                "Limit": rate["limit"],
                "AggregateKeyType": rate["aggregate_key_type"],
                "EvaluationWindowSec": rate.get("evaluation_window_sec") or 300,
            }
        }
        found["Action"] = {"Block": {}}
    else:
        # Other statements hold patterns, not values that AWS alone knows.
        found["Statement"] = {"GeoMatchStatement": {"CountryCodes": ["AQ"]}}
        found["Action"] = {"Count": {}}
    return found


def _visibility(values: Values) -> dict[str, Any]:
    one = values["visibility_config"][0]
    return {
        "CloudWatchMetricsEnabled": one["cloudwatch_metrics_enabled"],
        "MetricName": one["metric_name"],
        "SampledRequestsEnabled": one["sampled_requests_enabled"],
    }


def _attributes(pairs: dict[str, str]) -> Getter:
    def get(values: Values) -> Any:
        found = []
        for key, name in pairs.items():
            value = values.get(name)
            if value is not None and value is not UNKNOWN:
                found.append({"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)})
        return found or None

    return get


def _records(values: Values) -> Any:
    records = values.get("records")
    if records is UNKNOWN or not records:
        return None
    # Terraform quotes texts itself.
    return [f'"{record}"' if values.get("type") == "TXT" and record is not UNKNOWN else record for record in records]


SHAPES = {
    "aws_cloudfront_distribution": Shape("AWS::CloudFront::Distribution", {"DistributionConfig": _distribution}),
    "aws_wafv2_web_acl": Shape(
        "AWS::WAFv2::WebACL",
        {
            "Scope": at("scope"),
            "DefaultAction": lambda values: (
                {"Block": {}} if values["default_action"][0].get("block") else {"Allow": {}}
            ),
            "VisibilityConfig": _visibility,
            "Rules": lambda values: [_web_rule(rule) for rule in values.get("rule") or []],
        },
    ),
    "aws_lb": Shape(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        {
            "Scheme": lambda values: "internal" if values.get("internal") is True else "internet-facing",
            "Type": at("load_balancer_type"),
            "Subnets": always(["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]),
            "LoadBalancerAttributes": _attributes(
                {
                    "idle_timeout.timeout_seconds": "idle_timeout",
                    "deletion_protection.enabled": "enable_deletion_protection",
                    "routing.http.drop_invalid_header_fields.enabled": "drop_invalid_header_fields",
                    "routing.http.xff_header_processing.mode": "xff_header_processing_mode",
                }
            ),
        },
    ),
    "aws_lb_listener": Shape(
        "AWS::ElasticLoadBalancingV2::Listener",
        {
            "Port": at("port"),
            "Protocol": at("protocol"),
            "SslPolicy": lambda values: None if values.get("ssl_policy") is UNKNOWN else values.get("ssl_policy"),
            "LoadBalancerArn": always("arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/x/1"),
            "Certificates": lambda values: (
                [{"CertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/1"}]
                if values.get("protocol") == "HTTPS"
                else None
            ),
            "DefaultActions": always([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}]),
        },
    ),
    "aws_lb_target_group": Shape(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        {
            "Port": at("port"),
            "Protocol": at("protocol"),
            "TargetType": at("target_type"),
            "VpcId": always("vpc-0123456789abcdef0"),
            "HealthCheckPath": lambda values: (values.get("health_check") or [{}])[0].get("path"),
            "HealthCheckIntervalSeconds": lambda values: (values.get("health_check") or [{}])[0].get("interval"),
            "HealthCheckTimeoutSeconds": lambda values: (values.get("health_check") or [{}])[0].get("timeout"),
        },
    ),
    "aws_route53_record": Shape(
        "AWS::Route53::RecordSet",
        {
            "Name": at("name"),
            "Type": at("type"),
            "HostedZoneId": at("zone_id"),
            "TTL": string("ttl"),
            "ResourceRecords": _records,
            "AliasTarget": lambda values: (
                {"DNSName": "alias.example.org", "HostedZoneId": "Z2FDTNDATAQYW2"} if values.get("alias") else None
            ),
        },
    ),
    "aws_cognito_user_pool": Shape(
        "AWS::Cognito::UserPool",
        {
            "MfaConfiguration": at("mfa_configuration"),
            "AutoVerifiedAttributes": strings("auto_verified_attributes"),
            "UsernameAttributes": strings("username_attributes"),
            "UserPoolTier": at("user_pool_tier"),
            "Policies": lambda values: {
                "PasswordPolicy": fill(
                    {
                        "MinimumLength": at("minimum_length"),
                        "RequireLowercase": at("require_lowercase"),
                        "RequireNumbers": at("require_numbers"),
                        "TemporaryPasswordValidityDays": number("temporary_password_validity_days"),
                    },
                    values["password_policy"][0],
                )
            },
        },
    ),
    "aws_cognito_user_pool_client": Shape(
        "AWS::Cognito::UserPoolClient",
        {
            "UserPoolId": always("eu-central-1_abcdefghi"),
            "ExplicitAuthFlows": strings("explicit_auth_flows"),
            "PreventUserExistenceErrors": at("prevent_user_existence_errors"),
            "AccessTokenValidity": number("access_token_validity"),
            "RefreshTokenValidity": number("refresh_token_validity"),
        },
    ),
    "aws_apigatewayv2_api": Shape("AWS::ApiGatewayV2::Api", {"Name": at("name"), "ProtocolType": at("protocol_type")}),
    "aws_globalaccelerator_accelerator": Shape(
        "AWS::GlobalAccelerator::Accelerator",
        {"Name": at("name"), "IpAddressType": at("ip_address_type"), "Enabled": at("enabled")},
    ),
}
