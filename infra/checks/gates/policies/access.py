"""Least privilege: no action that stands for all, no resource that stands for all where one can be named, no stranger trusted."""

import json
from collections.abc import Iterator
from typing import Any

from gates.plans import UNKNOWN, Plan

# A key's own policy has to let the account's administrators do everything with it, or nobody ever could again.
KEY_POLICIES = "aws_kms_key"
POLICIES = {
    "aws_iam_role_policy": "policy",
    "aws_iam_policy": "policy",
    "aws_sqs_queue_policy": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_ecr_repository_policy": "policy",
    "aws_kms_key": "policy",
}
# Actions that AWS lets nobody narrow to a resource. https://docs.aws.amazon.com/service-authorization/
ON_EVERYTHING = {
    "cloudfront:CreateInvalidation",
    "cloudwatch:PutMetricData",
    "ec2:DescribeNetworkInterfaces",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:RegisterTaskDefinition",
    "logs:DescribeLogGroups",
    "secretsmanager:GetRandomPassword",
    # An agent registers under an id that it learns by registering; AWS's own policy for machines says the same.
    "ssm:UpdateInstanceInformation",
    "ses:GetAccount",
    "sts:GetCallerIdentity",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# Services and verbs of which no action can be narrowed.
ON_EVERYTHING_BY_NAME = ("ec2:Describe", "ec2messages:", "ssmmessages:")
ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


def no_action_for_all(plan: Plan) -> Iterator[str]:
    """No policy allows every action, or every action of a service."""
    for address, statement in _allowing(plan):
        for action in _listed(statement.get("Action")):
            if action == "*" or str(action).endswith(":*"):
                yield f"{address} allows {action}"
        if statement.get("NotAction"):
            yield f"{address} allows everything but a few actions: NotAction"


def no_resource_for_all(plan: Plan) -> Iterator[str]:
    """An identity's policy names what its actions are about."""
    for address, statement in _allowing(plan):
        # In a policy of a resource, * is the resource itself.
        if "*" not in _listed(statement.get("Resource")) or statement.get("Principal"):
            continue
        actions = [str(action) for action in _listed(statement.get("Action"))]
        wide = sorted(
            action for action in actions if action not in ON_EVERYTHING and not action.startswith(ON_EVERYTHING_BY_NAME)
        )
        if wide and not statement.get("Condition"):
            yield f"{address} allows {', '.join(wide)} on every resource"


def no_stranger_is_trusted(plan: Plan) -> Iterator[str]:
    """Whoever is let in is named, or a condition says who."""
    for address, statement in _allowing(plan):
        if "*" in _principals(statement) and not statement.get("Condition"):
            yield f"{address} lets everybody in"
    trusts = [
        (role.address, one)
        for role in plan.of("aws_iam_role")
        for one in _statements(role.values.get("assume_role_policy"))
    ]
    trusts += list(_documents(plan))
    for address, statement in trusts:
        if statement.get("Effect") == "Allow" and [
            action for action in _listed(statement.get("Action")) if str(action).startswith("sts:Assume")
        ]:
            if "*" in _principals(statement):
                yield f"{address} can be taken by everybody"
            if "sts:AssumeRoleWithWebIdentity" in _listed(statement.get("Action")) and not _exact_subject(statement):
                yield f"{address} can be taken by repositories other than ours: the condition on :sub"


def no_administrators(plan: Plan) -> Iterator[str]:
    """No role is an administrator."""
    for attachment in plan.of("aws_iam_role_policy_attachment", "aws_iam_role"):
        arns = [attachment.values.get("policy_arn"), *_listed(attachment.values.get("managed_policy_arns"))]
        if any(str(arn).endswith(ADMINISTRATORS) for arn in arns):
            yield f"{attachment.address} makes an administrator"
    for user in plan.of("aws_iam_user", "aws_iam_access_key"):
        yield f"{user.address}: a person or machine takes a role instead"


def _allowing(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statements that allow, but those of keys' policies, with where they stand."""
    for kind, name in POLICIES.items():
        for resource in plan.of(kind):
            for statement in _statements(resource.values.get(name)):
                if statement.get("Effect") == "Allow" and not (kind == KEY_POLICIES and _is_account(statement)):
                    yield resource.address, statement
    for address, statement in _documents(plan):
        if statement["Effect"] == "Allow":
            yield address, statement


def _documents(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statements of policies that are put together during an apply, in the words of JSON."""
    for document in plan.data("aws_iam_policy_document"):
        for statement in document.values.get("statement") or []:
            conditions: dict[str, dict[str, Any]] = {}
            for condition in statement.get("condition") or []:
                conditions.setdefault(condition["test"], {})[condition["variable"]] = condition["values"]
            yield (
                document.address,
                {
                    "Effect": statement.get("effect") or "Allow",
                    "Action": statement.get("actions"),
                    "NotAction": statement.get("not_actions"),
                    "Resource": statement.get("resources"),
                    "Principal": [
                        one
                        for principal in statement.get("principals") or []
                        for one in _listed(principal.get("identifiers"))
                    ],
                    "Condition": conditions,
                },
            )


def _is_account(statement: dict[str, Any]) -> bool:
    return all(str(person).endswith(":root") for person in _principals(statement))


def _statements(text: Any) -> list[dict[str, Any]]:
    return (
        []
        if text in (None, "", UNKNOWN)
        else [one for one in _listed(json.loads(text)["Statement"]) if isinstance(one, dict)]
    )


def _principals(statement: dict[str, Any]) -> list[Any]:
    principal = statement.get("Principal")
    return (
        [one for value in principal.values() for one in _listed(value)]
        if isinstance(principal, dict)
        else _listed(principal)
    )


def _exact_subject(statement: dict[str, Any]) -> bool:
    """Does the trust name a repository, and a branch or an environment of it?"""
    for conditions in (statement.get("Condition") or {}).values():
        for key, values in conditions.items():
            if key.endswith(":sub"):
                return all(
                    str(value).startswith("repo:")
                    and not str(value).endswith(("/*", ":*"))
                    and "*" not in str(value).split(":")[1]
                    for value in _listed(values)
                )
    return False


def _listed(value: Any) -> list[Any]:
    if value in (None, UNKNOWN):
        return []
    return value if isinstance(value, list) else [value]


RULES = (no_action_for_all, no_resource_for_all, no_stranger_is_trusted, no_administrators)
