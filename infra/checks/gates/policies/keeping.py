"""What is kept can be had back, and what was deployed is what was built."""

from collections.abc import Iterator
from typing import Any

from gates.plans import UNKNOWN, Plan

BACKUP_DAYS_AT_LEAST = 7
OLD_VERSIONS_DAYS = 90


def databases_are_backed_up(plan: Plan) -> Iterator[str]:
    """Seven days of backups, a last snapshot, and no deletion by accident."""
    for database in plan.of("aws_db_instance", "aws_rds_cluster"):
        if (database.values.get("backup_retention_period") or 0) is not UNKNOWN and (
            database.values.get("backup_retention_period") or 0
        ) < BACKUP_DAYS_AT_LEAST:
            yield f"{database.address} keeps backups for less than {BACKUP_DAYS_AT_LEAST} days: backup_retention_period"
        if database.values.get("skip_final_snapshot") is True:
            yield f"{database.address} is gone without a last snapshot: skip_final_snapshot"
        if database.values.get("deletion_protection") is not True:
            yield f"{database.address} can be deleted by accident: deletion_protection"


def disks_are_snapshotted(plan: Plan) -> Iterator[str]:
    """A machine's data has snapshots."""
    if plan.of("aws_ebs_volume") and not [
        policy for policy in plan.of("aws_dlm_lifecycle_policy") if policy.values.get("state") in (None, "ENABLED")
    ]:
        yield "the volume has no snapshots: aws_dlm_lifecycle_policy"


def buckets_keep_versions(plan: Plan) -> Iterator[str]:
    """What was overwritten or deleted in a bucket can be had back."""
    versioning = [
        one
        for one in plan.of("aws_s3_bucket_versioning")
        if one.first("versioning_configuration").get("status") == "Enabled"
    ]
    if len(versioning) < len(plan.of("aws_s3_bucket")):
        yield f"{len(plan.of('aws_s3_bucket'))} buckets, of which {len(versioning)} keep versions"


def buckets_forget(plan: Plan) -> Iterator[str]:
    """What was overwritten or deleted is gone after 90 days, and an upload that was given up after a day."""
    rules: dict[str, list[dict[str, Any]]] = {}
    for configuration in plan.of("aws_s3_bucket_lifecycle_configuration"):
        listed = configuration.values.get("rule")
        enabled = [rule for rule in listed if rule.get("status") == "Enabled"] if isinstance(listed, list) else []
        rules[configuration.address.rsplit(".", 2)[0]] = enabled
    for bucket in plan.of("aws_s3_bucket"):
        mine = rules.get(bucket.address.rsplit(".", 2)[0], [])
        days = [one.get("noncurrent_days") for rule in mine for one in rule.get("noncurrent_version_expiration") or []]
        if days != [OLD_VERSIONS_DAYS]:
            yield f"{bucket.address} keeps old versions for other than {OLD_VERSIONS_DAYS} days: noncurrent_days"
        if not any(rule.get("abort_incomplete_multipart_upload") for rule in mine):
            yield f"{bucket.address} keeps parts of uploads that were given up: abort_incomplete_multipart_upload"


def images_do_not_change(plan: Plan) -> Iterator[str]:
    """A tag names one image for ever, and images are scanned."""
    for repository in plan.of("aws_ecr_repository"):
        if repository.values.get("image_tag_mutability") != "IMMUTABLE":
            yield f"{repository.address}: another image can be put under a tag: image_tag_mutability"
        if repository.first("image_scanning_configuration").get("scan_on_push") is not True:
            yield f"{repository.address}: images are not scanned: scan_on_push"


def deployments_go_back(plan: Plan) -> Iterator[str]:
    """A deployment that fails is taken back."""
    for service in plan.of("aws_ecs_service"):
        breaker = service.first("deployment_circuit_breaker")
        if not (breaker.get("enable") and breaker.get("rollback")):
            yield f"{service.address} stays on a deployment that fails: deployment_circuit_breaker"


def dead_letters_are_kept(plan: Plan) -> Iterator[str]:
    """A message that nobody could handle is put aside."""
    for queue in plan.of("aws_sqs_queue"):
        if "dead" not in str(queue.values.get("name")) and queue.values.get("redrive_policy") in (None, ""):
            yield f"{queue.address} drops what nobody could handle: redrive_policy"


RULES = (
    databases_are_backed_up,
    disks_are_snapshotted,
    buckets_keep_versions,
    buckets_forget,
    images_do_not_change,
    deployments_go_back,
    dead_letters_are_kept,
)
