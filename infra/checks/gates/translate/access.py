"""Policies: cfn-lint knows the actions of every service."""

from typing import Any

from gates.plans import UNKNOWN
from gates.translate.shape import Shape, Values, always, at, document, number, strings

ROLE = always(["role"])


def _statements(values: Values) -> dict[str, Any]:
    """The policy that a data source would write, were it read now."""
    found = []
    for statement in values.get("statement") or []:
        one: dict[str, Any] = {"Effect": statement.get("effect") or "Allow"}
        for name, key in (
            ("Action", "actions"),
            ("NotAction", "not_actions"),
            ("Resource", "resources"),
            ("NotResource", "not_resources"),
        ):
            if statement.get(key):
                one[name] = statement[key]
        if statement.get("principals"):
            # A trust or resource policy names no resource of its own when it is read as an identity's; here only its actions count.
            one.setdefault("Resource", "*")
        found.append(one)
    return {"Version": "2012-10-17", "Statement": found}


SHAPES = {
    "aws_iam_role": Shape(
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": document("assume_role_policy"),
            "MaxSessionDuration": number("max_session_duration"),
            "ManagedPolicyArns": lambda values: (
                None if values.get("managed_policy_arns") is UNKNOWN else values.get("managed_policy_arns") or None
            ),
        },
    ),
    "aws_iam_role_policy": Shape(
        "AWS::IAM::Policy", {"PolicyName": at("name"), "PolicyDocument": document("policy"), "Roles": ROLE}
    ),
    "aws_iam_policy": Shape("AWS::IAM::ManagedPolicy", {"PolicyDocument": document("policy")}),
    "aws_iam_policy_document": Shape("AWS::IAM::ManagedPolicy", {"PolicyDocument": _statements}),
    "aws_sqs_queue_policy": Shape(
        "AWS::SQS::QueuePolicy", {"PolicyDocument": document("policy"), "Queues": always(["queue"])}
    ),
    "aws_sns_topic_policy": Shape(
        "AWS::SNS::TopicPolicy", {"PolicyDocument": document("policy"), "Topics": always(["topic"])}
    ),
    "aws_s3_bucket_policy": Shape(
        "AWS::S3::BucketPolicy", {"PolicyDocument": document("policy"), "Bucket": always(UNKNOWN)}
    ),
    "aws_kms_key": Shape(
        "AWS::KMS::Key",
        {
            "KeyPolicy": document("policy"),
            "EnableKeyRotation": at("enable_key_rotation"),
            "PendingWindowInDays": number("deletion_window_in_days"),
        },
    ),
    "aws_iam_openid_connect_provider": Shape(
        "AWS::IAM::OIDCProvider", {"Url": at("url"), "ClientIdList": strings("client_id_list")}
    ),
}
