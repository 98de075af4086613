"""Changes to the box and planet sizes."""

from breaking.mutation import Mutation


def _box(name: str, gate: str, file: str, old: str, new: str, says: str) -> Mutation:
    return Mutation(name, gate, f"infra/modules/box/{file}", old, new, says, "box")


def _planet(name: str, gate: str, file: str, old: str, new: str, says: str) -> Mutation:
    return Mutation(name, gate, f"infra/modules/{file}", old, new, says, "planet")


ALL = [
    _box(
        "a machine that is open by every port",
        "policies",
        "network.tf",
        "for_each          = { http = 80, https = 443 }",
        "for_each          = { http = 80, https = 443, all = 8000 }",
        "lets everybody in, to port 8000",
    ),
    _box(
        "a machine whose role is anybody's",
        "policies",
        "machine.tf",
        'http_tokens                 = "required"',
        'http_tokens                 = "optional"',
        "http_tokens",
    ),
    _box(
        "data in the clear",
        "policies",
        "machine.tf",
        'type              = "gp3"\n  encrypted         = true',
        'type              = "gp3"\n  encrypted         = false',
        "is not encrypted",
    ),
    _box("no snapshots", "policies", "snapshots.tf", '"ENABLED"', '"DISABLED"', "has no snapshots"),
    _box(
        "an action that is not there",
        "cfn-lint",
        "snapshots.tf",
        '"ec2:DeleteSnapshot"',
        '"ec2:DeleteSnapshots"',
        "deletesnapshots",
    ),
    _planet(
        "a cluster in the clear",
        "policies",
        "aurora/main.tf",
        "storage_encrypted               = true",
        "storage_encrypted               = false",
        "aws_rds_cluster.this is not encrypted",
    ),
    _planet(
        "a proxy without TLS",
        "policies",
        "aurora/proxy.tf",
        "require_tls            = true",
        "require_tls            = false",
        "require_tls",
    ),
    _planet(
        "Aurora of a version that is not there",
        "cfn-lint",
        "aurora/main.tf",
        "engine_version            = var.engine_version",
        'engine_version            = "16.99"',
        "16.99",
    ),
    _planet(
        "more capacity than there is",
        "plan",
        "aurora/main.tf",
        "max_capacity = var.acu_max",
        "max_capacity = 300",
        "max_capacity",
    ),
]
