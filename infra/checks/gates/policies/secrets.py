"""No secret stands in the state, in a task's environment or in a machine's user data."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from gates.plans import UNKNOWN, Plan

# Attributes that hold a secret and would be written into the state. Their write-only twins end in _wo and are not.
ATTRIBUTES = {
    "aws_db_instance": ("password",),
    "aws_rds_cluster": ("master_password",),
    "aws_elasticache_replication_group": ("auth_token",),
    "aws_elasticache_user": ("passwords",),
    "aws_secretsmanager_secret_version": ("secret_string", "secret_binary"),
    "aws_ssm_parameter": ("value", "insecure_value"),
}
SECRET_NAME = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE_KEY|API_KEY", re.IGNORECASE)
# Names of which the value only says where a secret is, or how long a token is good for.
NOT_SECRET = re.compile(r"(_ARN|_NAME|_URL|_TTL|_DAYS|_SECONDS|_ID)$", re.IGNORECASE)
LOOKS_SECRET = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN (?:\w+ )*PRIVATE KEY-----|gh[pousr]_[A-Za-z0-9]{30,}"
    r"|(?:password|passwd|secret|token)\w*\s*[=:]\s*[\"']?[A-Za-z0-9+/_-]{8,}|://[^/\s:@]+:[^/\s:@$]+@",
    re.IGNORECASE,
)


def no_secret_in_the_state(plan: Plan) -> Iterator[str]:
    """Attributes that hold secrets are not set."""
    for kind, names in ATTRIBUTES.items():
        for resource in plan.of(kind):
            for name in names:
                value = resource.values.get(name)
                # Unknown means that AWS makes it: nothing that is written here.
                if value not in (None, "", [], UNKNOWN):
                    yield f"{resource.address}: {name} would stand in the state"


def no_secret_for_tasks(plan: Plan) -> Iterator[str]:
    """Tasks are told their secrets by Secrets Manager."""
    for task in plan.of("aws_ecs_task_definition"):
        text = task.values.get("container_definitions")
        for container in json.loads(text) if isinstance(text, str) else []:
            for variable in container.get("environment") or []:
                name, value = str(variable.get("name")), str(variable.get("value"))
                if (SECRET_NAME.search(name) and not NOT_SECRET.search(name)) or _is_secret(value):
                    yield f"{task.address}: {name} holds a secret in plain sight"
    for function in plan.of("aws_lambda_function"):
        for name, value in (function.first("environment").get("variables") or {}).items():
            if (SECRET_NAME.search(name) and not NOT_SECRET.search(name)) or _is_secret(str(value)):
                yield f"{function.address}: {name} holds a secret in plain sight"


def no_secret_in_user_data(plan: Plan) -> Iterator[str]:
    """Everybody who may look at a machine can read its user data."""
    for machine in plan.of("aws_instance", "aws_launch_template"):
        for name in ("user_data", "user_data_base64"):
            for line in _lines(
                machine.values.get(name), encoded=name.endswith("64") or machine.type == "aws_launch_template"
            ):
                if LOOKS_SECRET.search(line):
                    yield f"{machine.address}: a line of {name} looks like a secret: {line.strip()[:40]}"


def nothing_looks_like_a_key(plan: Plan) -> Iterator[str]:
    """Nowhere in the plan stands something that has the shape of a credential."""
    shape = re.compile(r"AKIA[0-9A-Z]{16}|-----BEGIN (?:\w+ )*PRIVATE KEY-----")
    for resource in plan.resources:
        if shape.search(repr(resource.values)):
            yield f"{resource.address} holds a key"


def _is_secret(value: str) -> bool:
    # An ARN says where a secret is.
    return not value.startswith("arn:") and LOOKS_SECRET.search(value) is not None


def _lines(value: Any, *, encoded: bool) -> list[str]:
    if not isinstance(value, str):
        return []
    if encoded:
        try:
            return base64.b64decode(value, validate=True).decode(errors="replace").splitlines()
        except binascii.Error:
            pass
    return value.splitlines()


RULES = (no_secret_in_the_state, no_secret_for_tasks, no_secret_in_user_data, nothing_looks_like_a_key)
