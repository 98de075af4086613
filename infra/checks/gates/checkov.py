"""checkov on the plans (values) and on the sources (what belongs to what), against a baseline that gives a reason for each exception."""

import fnmatch
import json
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gates import programs
from gates.plans import Plan, for_linters
from gates.results import Result, timed
from gates.terraform import checkov_json
from gates.tree import Tree

BASELINE = Path(__file__).resolve().parent.parent / "checkov.toml"
# These follow references from one resource to another, which the plans of tests do not hold.
OF_LINKS = "CKV2_*"
ARGUMENTS = ("--compact", "--quiet", "--output", "json", "--skip-download")
OFFLINE = {"LOG_LEVEL": "ERROR", "BC_SKIP_MAPPING": "1"}


def check(tree: Tree, plans: list[Plan]) -> Result:
    """What checkov finds beyond the baseline, and what the baseline excuses in vain."""

    def look() -> tuple[str, list[str]]:
        folder = tree.data / "plans"
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for plan in for_linters(plans):
            files += ["--file", str(folder / f"{plan.environment}-{plan.run}.json")]
            Path(files[-1]).write_text(checkov_json(plan))
        with ThreadPoolExecutor(2) as pool:
            of_links = pool.submit(
                _run, tree, "--framework", "terraform", "--directory", "infra/environments", "--check", OF_LINKS
            )
            of_values = pool.submit(_run, tree, "--framework", "terraform_plan", *files, "--skip-check", OF_LINKS)
            reports = [*of_links.result(), *of_values.result()]
        return judge(reports, baseline())

    return timed("checkov", look)


def baseline(file: Path = BASELINE) -> list[dict[str, Any]]:
    """The exceptions: `check`, `resources` (patterns of addresses), `reason`."""
    return list(tomllib.loads(file.read_text())["accepted"])


def judge(reports: list[dict[str, Any]], accepted: list[dict[str, Any]]) -> tuple[str, list[str]]:
    """What was looked at, and what is found in these reports but for what is accepted."""
    findings: set[str] = set()
    used: set[int] = set()
    for report in reports:
        for error in report["results"].get("parsing_errors", []):
            findings.add(f"{error} could not be read")
        for failed in report["results"]["failed_checks"]:
            excuses = {
                number
                for number, one in enumerate(accepted)
                if one["check"] == failed["check_id"] and _matches(one, failed["resource"])
            }
            used |= excuses
            if not excuses:
                findings.add(f"{failed['resource']}: {failed['check_name']} ({failed['check_id']})")
    for number, one in enumerate(accepted):
        if number not in used:
            findings.add(
                f"checkov.toml: {one['check']} of {', '.join(one['resources'])} excuses nothing any more: take it out"
            )
        if len(one.get("reason", "")) < len("why"):
            findings.add(f"checkov.toml: {one['check']} has no reason")
    passed = sum(report["summary"]["passed"] for report in reports)
    if not passed:
        findings.add("checkov checked nothing")
    return f"{passed} checks, {len(accepted)} exceptions", sorted(findings)


def _matches(accepted: dict[str, Any], address: str) -> bool:
    # A bracket in an address is a key, not a set of characters.
    return any(fnmatch.fnmatchcase(address, pattern.replace("[", "[[]")) for pattern in accepted["resources"])


def _run(tree: Tree, *arguments: str) -> list[dict[str, Any]]:
    output = programs.run(programs.tool("checkov"), *arguments, *ARGUMENTS, cwd=tree.root, env=OFFLINE)
    try:
        reports = json.loads(output.text)
    except json.JSONDecodeError:
        return [
            {
                "results": {"failed_checks": [], "parsing_errors": [f"checkov: {output.both[-400:]}"]},
                "summary": {"passed": 0},
            }
        ]
    reports = reports if isinstance(reports, list) else [reports]
    # Without a single resource checkov answers with a summary alone.
    return [report for report in reports if "results" in report]
