"""Breaks copies of infra/ in many ways and shows that a gate sees each: `python infra/checks/mutations.py [--quick]`.

Changes to Terraform that do not touch each other go into one copy and one plan; each has to bring forth its own finding, one that the
untouched tree has not. --quick leaves out what needs Terraform.
"""

import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from breaking import asked, files, others, team
from breaking.mutation import Mutation
from gates import cfn_lint, checkov, linters, policies, terraform, tree
from gates.plans import RUN
from gates.results import Result
from gates.tree import Tree

LINTERS: dict[str, Callable[[Tree], Result]] = {
    "hadolint": linters.hadolint,
    "image": linters.image,
    "actionlint": linters.actionlint,
    "zizmor": linters.zizmor,
    "static keys": linters.static_keys,
    "shellcheck": linters.shellcheck,
    "fmt": terraform.formatting,
}
TERRAFORM = [*team.ALL, *asked.ALL, *others.ALL]


def without_terraform() -> list[str]:
    """Each change to a file, in a copy of its own; what no gate noticed."""
    clean = tree.copy("mutation-control")
    before = {gate: lint(clean).findings for gate, lint in LINTERS.items()}
    unseen = []
    for mutation in files.ALL:
        copied = tree.copy("mutation")
        mutation.apply(copied)
        found = LINTERS[mutation.gate](copied).findings
        unseen += _judge(mutation, found, before[mutation.gate])
    return unseen


def batches(mutations: list[Mutation], clean: Tree) -> list[list[Mutation]]:
    """As few batches as can be, in which no change takes away the text of another."""
    waiting, found = list(mutations), []
    while waiting:
        copied = tree.copy("mutation-batch", clean.root)
        batch, later = [], []
        for mutation in waiting:
            if mutation.fits(copied):
                mutation.apply(copied)
                batch.append(mutation)
            else:
                later.append(mutation)
        if not batch:
            # The text is not even there without the others: this says which.
            later[0].apply(clean)
        found.append(batch)
        waiting = later
    return found


def with_terraform() -> list[str]:
    """Batches of changes to Terraform, two at once; what no gate noticed."""
    clean = tree.copy("mutation-clean")
    work: list[tuple[str, str, list[Mutation]]] = []
    for environment in sorted({mutation.environment for mutation in TERRAFORM}):
        mine = [mutation for mutation in TERRAFORM if mutation.environment == environment]
        work.append((environment, "plan", []))
        # What the provider itself refuses to plan would hide the others.
        for kind, gates in (("plan", {"policies", "cfn-lint", "checkov"}), ("plan", {"plan"}), ("test", {"test"})):
            work += [(environment, kind, batch) for batch in batches([one for one in mine if one.gate in gates], clean)]
    with ThreadPoolExecutor(2) as pool:
        findings = list(pool.map(lambda job: _findings(*job), [(number, *one) for number, one in enumerate(work)]))
    controls = {environment: found for (environment, _, batch), found in zip(work, findings, strict=True) if not batch}
    return [
        sentence
        for (environment, _, batch), found in zip(work, findings, strict=True)
        for mutation in batch
        for sentence in _judge(
            mutation, found.get(mutation.gate, found.get("test", [])), controls[environment].get(mutation.gate, [])
        )
    ]


def _findings(number: int, environment: str, kind: str, batch: list[Mutation]) -> dict[str, list[str]]:
    """What each gate finds in a copy with these changes."""
    copied = tree.copy(f"mutation-{number}")
    for mutation in batch:
        mutation.apply(copied)
    root = copied.root / "infra" / "environments" / environment
    if kind == "plan":
        _only_plans(copied, environment)
    ready = terraform.initialize(copied, root)
    result, plans = terraform.test(copied, root)
    if kind == "test":
        # The runs of every way out are here, which policies look at alone.
        return {kind: ready.findings + result.findings + policies.check(plans).findings}
    if not plans:
        return {kind: ready.findings + result.findings}
    wanted = {mutation.gate for mutation in batch or TERRAFORM if mutation.environment == environment}
    found = {"policies": policies.check(plans).findings}
    if "cfn-lint" in wanted:
        found["cfn-lint"] = cfn_lint.check(copied, plans).findings
    if "checkov" in wanted:
        found["checkov"] = checkov.check(copied, plans).findings
    return found


def _only_plans(copied: Tree, environment: str) -> None:
    """Leave the first run that plans the whole, and nothing that is asserted: a gate has to see it, not the environment's own tests."""
    for file in (copied.root / "infra" / "environments" / environment / "tests").glob("*.tftest.hcl"):
        text = file.read_text()
        whole = [
            match
            for match in RUN.finditer(text)
            if "\n  module {" not in match[2] and "expect_failures" not in match[2]
        ]
        if not whole:
            file.unlink()
            continue
        kept = re.sub(r"^  assert \{\n.*?^  \}\n", "", whole[0][0], flags=re.DOTALL | re.MULTILINE)
        file.write_text(RUN.sub("", text) + "\n" + kept)


def _judge(mutation: Mutation, found: list[str], before: list[str]) -> list[str]:
    fresh = [finding for finding in found if finding not in before]
    if any(mutation.says.lower() in finding.lower() for finding in fresh):
        return []
    return [f"{mutation.name} ({mutation.file}): {mutation.gate} says nothing of {mutation.says!r}, but {fresh[:3]}"]


def main() -> int:
    """The command."""
    begun = time.monotonic()
    quick = "--quick" in sys.argv[1:]
    unseen = without_terraform()
    if not quick:
        unseen += with_terraform()
    for sentence in unseen:
        print(sentence)
    total = len(files.ALL) + (0 if quick else len(TERRAFORM))
    print(f"mutations: {total - len(unseen)} of {total} were seen by their gate, {time.monotonic() - begun:.0f} s")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
