"""Plans each environment with the variables that `mdreader cloud plan --out` writes, and holds the plan to what was asked and billed.

    python infra/checks/planned.py          every case, minutes

With the real provider and no account: the head of the environment's own test gives what only AWS knows.
"""

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gates import bill, plans, terraform, tree
from gates.results import Result, timed
from gates.tree import Tree

from mdreader.cloud.load import Load
from mdreader.cloud.sizes import Options, Plan, Size, choose
from mdreader.cloud.tfvars import variables, written

REGION: Final = "eu-central-1"  # the region of the tests' providers
PLAIN: Final = Options()


@dataclass(frozen=True)
class Case:
    """What somebody asks `mdreader cloud plan` for."""

    size: Size
    users: int
    options: Options = PLAIN

    @property
    def plan(self) -> Plan:
        """What it says."""
        return choose(Load(self.users, 2), REGION, self.size, self.options)

    def __str__(self) -> str:
        asked = [
            name
            for name, on in (("Multi-AZ", self.options.multi_az), (self.options.nat, self.options.nat != "none"))
            if on
        ]
        accounts = [] if self.options.accounts == "embedded" else [self.options.accounts]
        return ", ".join([f"{self.size} for {self.users:,}", *asked, *accounts])


CASES: Final = (
    Case("box", 5_000),
    Case("team", 1_000),
    Case("team", 40_000, Options(multi_az=True, nat="gateway", accounts="lite")),
    Case("team", 5_000, Options(nat="endpoints")),
    Case("planet", 3_000_000, Options(accounts="essentials")),
)


def check(case: Case) -> Result:
    """Plan it, and compare."""

    def look() -> tuple[str, list[str]]:
        files = tree.copy("planned")
        prepare(files, case)
        root = files.root / "infra" / "environments" / case.size
        for step in (terraform.initialize(files, root), terraform.validate(files, root)):
            if not step.passed:
                return "nothing", step.findings
        result, found = terraform.test(files, root)
        if not result.passed:
            return "nothing", result.findings
        (planned,) = found
        differing = [
            f"{name} is {there!r}, and {said!r} was asked for"
            for name, there, said in pairs(planned, case.plan)
            if there != said
        ]
        return f"{len(variables(case.plan))} variables", [*differing, *bill.findings(planned)]

    return timed(str(case), look)


def prepare(files: Tree, case: Case) -> None:
    """One run with the written variables in place of the environment's own tests."""
    root = files.root / "infra" / "environments" / case.size
    tests = root / "tests"
    whole = (tests / f"{case.size}.tftest.hcl").read_text()
    head = re.split(r'^run "', whole, maxsplit=1, flags=re.MULTILINE)[0]
    for test in tests.glob("*.tftest.hcl"):
        test.unlink()
    (tests / "planned.tftest.hcl").write_text(head + 'run "planned" {\n  command = plan\n}\n')
    (root / "planned.auto.tfvars").write_text(written(case.plan))


def pairs(planned: plans.Plan, plan: Plan) -> Iterator[tuple[str, Any, Any]]:
    """What is planned, and what the plan says: name, the one, the other."""

    def one(kind: str, address: str = "") -> dict[str, Any]:
        (found,) = [resource for resource in planned.of(kind) if address in resource.address]
        return found.values

    if plan.size == "box":
        yield "the data's volume", one("aws_ebs_volume")["size"], plan.machinery.disk
        yield "the machine", one("aws_instance")["instance_type"], "t4g.small"
        return
    tasks, cache = plan.machinery.tasks, plan.machinery.cache
    assert tasks is not None  # noqa: S101 - only the box has none
    assert cache is not None  # noqa: S101 - as above
    task = one("aws_ecs_task_definition", '["web"]')
    yield "a task", (task["cpu"], task["memory"]), (str(tasks.size.cpu_units), str(tasks.size.megabytes))
    scaling = one("aws_appautoscaling_target", "web")
    yield "scaling", (scaling["min_capacity"], scaling["max_capacity"]), (tasks.minimum, tasks.maximum)
    (target,) = one("aws_appautoscaling_policy", "connections")["target_tracking_scaling_policy_configuration"]
    yield "connections of a task", target["target_value"], tasks.connections
    yield "the cache", one("aws_elasticache_replication_group")["node_type"], cache.name
    pools = [resource.values["user_pool_tier"] for resource in planned.of("aws_cognito_user_pool")]
    accounts = plan.options.accounts
    yield "user pools", pools, [] if accounts == "embedded" else [accounts.upper()]
    yield "NAT gateways", len(planned.of("aws_nat_gateway")), int(plan.options.nat == "gateway")
    if plan.machinery.database is not None:
        database = one("aws_db_instance")
        there = (database["instance_class"], database["allocated_storage"], database["multi_az"])
        yield "the database", there, (plan.machinery.database.name, plan.machinery.disk, plan.options.multi_az)
    if plan.machinery.aurora is not None:
        (capacity,) = one("aws_rds_cluster", "module.database.")["serverlessv2_scaling_configuration"]
        said = (plan.machinery.aurora.minimum, plan.machinery.aurora.maximum)
        yield "ACUs", (capacity["min_capacity"], capacity["max_capacity"]), said


def main() -> int:
    """The command."""
    begun, failed = time.monotonic(), 0
    for case in CASES:
        result = check(case)
        failed += not result.passed
        print(
            f"{'ok  ' if result.passed else 'FAIL'} {result.seconds:6.1f} s  {result.gate}: {result.looked_at}",
            flush=True,
        )
        for finding in result.findings:
            print("  " + finding.replace("\n", "\n  "))
    print(f"\nplanned: {len(CASES) - failed} of {len(CASES)} as asked for and billed, {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
