"""The gates of `make infra` on plans that are made up: each finds what it is for, and is silent otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest
from breaking import asked, files, others, team
from breaking.mutation import Mutation
from gates import bill, checkov, plans, policies, translate
from gates.plans import UNKNOWN, Plan
from gates.programs import CHECKOUT
from gates.tree import Tree

EVERYTHING = [*files.ALL, *team.ALL, *asked.ALL, *others.ALL]
ALARM = {"alarm_name": "latency", "alarm_actions": ["arn:aws:sns:eu-central-1:111122223333:notices"]}


def planned(*resources: tuple[str, dict[str, Any]], unknown: dict[str, Any] | None = None) -> Plan:
    """A plan with these resources, the way Terraform prints it."""
    changes = [
        {
            "address": f"{kind}.this{number}",
            "type": kind,
            "mode": "managed",
            "change": {"actions": ["create"], "after": values, "after_unknown": unknown or {}},
        }
        for number, (kind, values) in enumerate(resources)
    ]
    return plans.plan(
        "made-up", {"@testrun": "the_whole", "test_plan": {"resource_changes": changes, "provider_schemas": {}}}
    )


def findings(*resources: tuple[str, dict[str, Any]]) -> list[str]:
    return policies.check([planned(*resources)]).findings


def test_what_is_known_after_an_apply_is_not_taken_for_nothing() -> None:
    after = {"name": "a", "rule": [{"id": "x"}], "gone": None}
    merged = plans.merge(after, {"arn": True, "rule": [{"arn": True}], "gone": True})
    assert merged == {"name": "a", "rule": [{"id": "x", "arn": UNKNOWN}], "gone": UNKNOWN, "arn": UNKNOWN}


def test_a_plan_without_faults_has_no_findings() -> None:
    assert (
        findings(("aws_cloudwatch_metric_alarm", ALARM), ("aws_cloudwatch_log_group", {"retention_in_days": 30})) == []
    )


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        ("aws_db_instance", {"publicly_accessible": True}, "has a public address"),
        ("aws_db_instance", {"storage_encrypted": False}, "is not encrypted"),
        ("aws_db_instance", {"password": "x"}, "password would stand in the state"),
        ("aws_rds_cluster", {"backup_retention_period": 1}, "for less than 7 days"),
        (
            "aws_vpc_security_group_ingress_rule",
            {"cidr_ipv4": "0.0.0.0/0", "from_port": 22, "to_port": 22},
            "lets everybody in",
        ),
        ("aws_s3_bucket", {}, "no aws_s3_bucket_public_access_block"),
        ("aws_cloudwatch_metric_alarm", {**ALARM, "alarm_actions": []}, "tells nobody"),
        ("aws_cloudwatch_log_group", {}, "keeps everything for ever"),
        ("aws_instance", {"user_data": "export DB_PASSWORD=correct-horse"}, "looks like a secret"),
        ("aws_iam_user", {}, "takes a role instead"),
        ("aws_lb_listener", {"protocol": "HTTP"}, "serves without TLS"),
        ("aws_ecr_repository", {"image_tag_mutability": "MUTABLE"}, "image_tag_mutability"),
        ("aws_cloudfront_distribution", {}, "no web application firewall"),
        ("aws_cloudfront_distribution", {"aliases": ["a.example"]}, "aws_route53_record of type AAAA"),
        (
            "aws_cloudfront_distribution",
            {
                "origin": [{"origin_id": "files", "origin_access_control_id": "x"}],
                "default_cache_behavior": [{"trusted_key_groups": []}],
            },
            "without a signature",
        ),
        ("aws_s3_bucket", {}, "keeps old versions"),
        ("aws_s3_bucket", {}, "keeps parts of uploads"),
        ("aws_ecs_service", {"network_configuration": [{"assign_public_ip": False}]}, "does not reach cognito-idp"),
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Interface"}, "private_dns_enabled"),
    ],
)
def test_a_fault_is_found(kind: str, values: dict[str, Any], says: str) -> None:
    assert [finding for finding in findings((kind, values)) if says in finding]


# ---- the bill: as much is planned as `mdreader cloud plan` reckons with ----


def as_box(*more: tuple[str, dict[str, Any]], system: int = 16) -> list[str]:
    box: list[tuple[str, dict[str, Any]]] = [
        ("aws_vpc", {}),
        ("aws_instance", {"root_block_device": [{"volume_size": system}]}),
        ("aws_ebs_volume", {"size": 20}),
        ("aws_eip", {}),
    ]
    found = planned(*box, *more)
    return bill.check([plans.Plan("box", found.run, found.resources, found.raw)]).findings


def test_a_box_that_is_billed_as_it_is_planned_has_no_findings() -> None:
    assert as_box(("aws_iam_role", {}), ("aws_route_table", {})) == []


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("aws_ebs_volume", "2 volumes of data are planned, `mdreader cloud plan` reckons with 1"),
        ("aws_eip", "2 addresses are planned"),
        ("aws_db_instance", "aws_db_instance is paid, and the bill has no line RDS"),
        ("aws_elasticache_serverless_cache", "aws_elasticache_serverless_cache: does it cost anything?"),
    ],
)
def test_what_the_bill_does_not_have_is_found(kind: str, says: str) -> None:
    assert [finding for finding in as_box((kind, {})) if says in finding]


def test_another_size_of_the_system_volume_is_found() -> None:
    assert "30 GB of the system's volume are planned, `mdreader cloud plan` reckons with 16" in as_box(system=30)[0]


def test_alarms_are_counted_by_the_metrics_that_they_look_at() -> None:
    metric, expression = {"metric": [{"metric_name": "x"}]}, {"expression": "x / y", "metric": []}
    scaling: dict[str, Any] = {
        "target_tracking_scaling_policy_configuration": [
            {"customized_metric_specification": [{"metrics": [{"metric_stat": [{}]}, {"metric_stat": [{}]}, {}]}]}
        ]
    }
    watching = planned(
        ("aws_cloudwatch_metric_alarm", {"metric_name": "x"}),
        ("aws_cloudwatch_metric_alarm", {"metric_query": [metric, metric, expression]}),
        ("aws_appautoscaling_policy", scaling),
        ("aws_appautoscaling_policy", {"target_tracking_scaling_policy_configuration": [{}]}),
    )
    assert [bill.watched(resource) for resource in watching.resources] == [1, 2, 4, 2]


def statement(**values: Any) -> tuple[str, dict[str, Any]]:
    return ("aws_iam_role_policy", {"policy": json.dumps({"Statement": [{"Effect": "Allow", **values}]})})


def test_wide_policies_are_found_and_narrow_ones_are_not() -> None:
    assert findings(statement(Action="s3:*", Resource="arn:aws:s3:::b"))
    assert findings(statement(Action="s3:GetObject", Resource="*"))
    assert not findings(statement(Action="s3:GetObject", Resource="arn:aws:s3:::b/*"))
    assert not findings(statement(Action="ecr:GetAuthorizationToken", Resource="*"))


@pytest.mark.parametrize(
    ("subject", "trusted"), [("repo:a/b:environment:team", True), ("repo:a/b:*", False), ("repo:a/*:ref:x", False)]
)
def test_a_role_for_workflows_names_one_repository_and_place(subject: str, trusted: bool) -> None:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/x"},
        "Condition": {"StringLike": {"x:sub": subject}},
    }
    found = findings(("aws_iam_role", {"assume_role_policy": json.dumps({"Statement": [trust]})}))
    assert (found == []) is trusted


def test_the_translation_keeps_values_and_leaves_open_what_is_not_known() -> None:
    task = {
        "cpu": "300",
        "memory": "512",
        "container_definitions": json.dumps([{"name": "a", "portMappings": [{"containerPort": 1}]}]),
    }
    template, addresses = translate.template(planned(("aws_ecs_task_definition", task)))
    properties = template["Resources"]["R0"]["Properties"]
    assert (properties["Cpu"], properties["Memory"]) == ("300", "512")
    assert properties["ContainerDefinitions"] == [{"Name": "a", "PortMappings": [{"ContainerPort": 1}]}]
    assert addresses == {"R0": "aws_ecs_task_definition.this0"}
    template, _ = translate.template(
        planned(("aws_db_instance", {"engine": "postgres"}), unknown={"engine_version": True})
    )
    assert template["Resources"]["R0"]["Properties"] == {
        "Engine": "postgres",
        "EngineVersion": {"Ref": "KnownAfterApply"},
    }


def reported(check: str, address: str) -> list[dict[str, Any]]:
    failed = {"check_id": check, "check_name": "something", "resource": address}
    return [{"results": {"failed_checks": [failed]}, "summary": {"passed": 1}}]


def test_the_baseline_excuses_what_it_names_and_nothing_else() -> None:
    accepted = [{"check": "CKV_1", "resources": ["module.a[0].x.*"], "reason": "because"}]
    assert checkov.judge(reported("CKV_1", "module.a[0].x.this"), accepted)[1] == []
    assert len(checkov.judge(reported("CKV_2", "module.a[0].x.this"), accepted)[1]) == 2, (
        "the finding, and the exception that is not used"
    )
    assert checkov.judge([], [])[1] == ["checkov checked nothing"]


def test_every_exception_has_a_reason() -> None:
    assert all(one["reason"] and one["resources"] for one in checkov.baseline())


@pytest.mark.parametrize("mutation", EVERYTHING, ids=lambda mutation: mutation.name)
def test_the_text_that_a_mutation_changes_is_there(mutation: Mutation) -> None:
    assert mutation.fits(Tree(Path(CHECKOUT))), f"{mutation.file} no longer has {mutation.old!r} once"


def test_there_are_enough_mutations_and_their_names_differ() -> None:
    assert len({mutation.name for mutation in EVERYTHING}) == len(EVERYTHING) >= 25
