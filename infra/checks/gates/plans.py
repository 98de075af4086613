"""Plans as `terraform test -json -verbose` prints them: the real provider, no account, and whole policies."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# Runs that change what a few rules of ours look at: the linters, which take a minute for a plan, have seen the rest.
FOR_POLICIES: Final = "way_out_"
RUN = re.compile(r'^run "(\w+)" \{\n(.*?)^\}\n', re.DOTALL | re.MULTILINE)


class _Unknown:
    """Stands for what is known only after an apply."""

    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True)
class Resource:
    """A resource or a data source of a plan. What is not known yet is UNKNOWN inside `values`."""

    address: str
    type: str
    managed: bool
    values: dict[str, Any]

    def first(self, name: str) -> dict[str, Any]:
        """The first block of this name; an empty one if there is none, or if it is not known."""
        blocks = self.values.get(name)
        return blocks[0] if isinstance(blocks, list) and blocks and isinstance(blocks[0], dict) else {}


@dataclass(frozen=True)
class Plan:
    """A planned environment. `raw` is Terraform's own JSON without the provider's schemas."""

    environment: str
    run: str
    resources: list[Resource]
    raw: dict[str, Any]

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types."""
        return [resource for resource in self.resources if resource.managed and resource.type in types]

    def data(self, kind: str) -> list[Resource]:
        """The data sources of this type that are read during an apply."""
        return [resource for resource in self.resources if not resource.managed and resource.type == kind]


def whole_runs(root: Path) -> set[str]:
    """The runs that plan the environment in this folder; others plan a module by itself, with made-up neighbours."""
    runs = [
        match.groups() for file in sorted(root.glob("tests/*.tftest.hcl")) for match in RUN.finditer(file.read_text())
    ]
    return {name for name, body in runs if not re.search(r"^  module \{", body, re.MULTILINE)}


def events(file: Path, runs: set[str]) -> Iterator[dict[str, Any]]:
    """The events of a test, with the plans of these runs alone: each is many megabytes long."""
    with file.open() as stream:
        for line in stream:
            head = line[:600]
            if '"test_plan":' not in head or any(f'"@testrun":"{run}"' in head for run in runs):
                yield json.loads(line)


def plan(environment: str, event: dict[str, Any]) -> Plan:
    """The plan in an event of type test_plan."""
    raw = {key: value for key, value in event["test_plan"].items() if key != "provider_schemas"}
    resources = [
        Resource(
            change["address"],
            change["type"],
            change["mode"] == "managed",
            merge(change["change"].get("after") or {}, change["change"].get("after_unknown") or {}),
        )
        for change in raw.get("resource_changes", [])
        if change["change"]["actions"] != ["delete"]
    ]
    return Plan(environment, event["@testrun"], resources, raw)


def for_linters(plans: list[Plan]) -> list[Plan]:
    """The plans that checkov and cfn-lint look at."""
    return [plan for plan in plans if not plan.run.startswith(FOR_POLICIES)]


def merge(after: Any, unknown: Any) -> Any:
    """`after` with UNKNOWN wherever `unknown` says true."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict) and (after is None or isinstance(after, dict)):
        known = after or {}
        return {
            key: merge(known.get(key), unknown.get(key))
            for key in (*known, *(key for key in unknown if key not in known))
        }
    if isinstance(unknown, list) and isinstance(after, list):
        return [merge(value, unknown[index] if index < len(unknown) else None) for index, value in enumerate(after)]
    return after
