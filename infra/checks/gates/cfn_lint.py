"""The plans as CloudFormation, read by cfn-lint, which knows sizes, versions, actions and schedules."""

import json

from gates import programs, translate
from gates.plans import Plan, for_linters
from gates.results import Result, timed
from gates.tree import Tree

REGION = "eu-central-1"
# Rules about how a template is written by hand, which these are not.
NOT_ABOUT_US = {
    "W2001": "the parameter may be unused",
    "W3005": "no resource refers to another",
    "W1011": "the plan itself shows whether a secret is in it: see policies/secrets.py",
    "W8001": "there are no conditions",
    "E3019": "names that the check is not about are made up",
    "I": "hints",
}


def check(tree: Tree, plans: list[Plan]) -> Result:
    """What cfn-lint says of every plan."""

    def look() -> tuple[str, list[str]]:
        folder = tree.data / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        known: dict[str, tuple[Plan, dict[str, str]]] = {}
        for plan in for_linters(plans):
            text, addresses = translate.text(plan)
            file = folder / f"{plan.environment}-{plan.run}.json"
            file.write_text(text)
            known[str(file)] = (plan, addresses)
        ignored = [argument for rule in NOT_ABOUT_US for argument in ("--ignore-checks", rule)]
        output = programs.run(
            programs.tool("cfn-lint"), "--format", "json", "--regions", REGION, *ignored, "--", *known
        )
        if not output.text.strip().startswith("["):
            return "nothing", [output.both or "cfn-lint said nothing"]
        findings = {_finding(*known[match["Filename"]], match) for match in json.loads(output.text)}
        resources = sum(len(addresses) for _, addresses in known.values())
        return f"{resources} resources of {len(known)} plans", sorted(findings)

    return timed("cfn-lint", look)


def _finding(plan: Plan, addresses: dict[str, str], match: dict[str, dict[str, list[str]]]) -> str:
    path = match["Location"].get("Path") or []
    address = addresses.get(str(path[1]), "") if len(path) > 1 else ""
    where = ".".join(str(part) for part in path[3:])
    return f"{plan.environment}: {address}: {where}: {match['Message']} ({match['Rule']['Id']})"
