"""fmt, init, validate and test. The test's own plans are what the other gates look at: nothing is planned twice."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from gates import plans, programs
from gates.plans import Plan
from gates.results import Result, timed
from gates.tree import Tree

AT_ONCE = 2
# Two inits at once write the same folder of the plugins' cache, and one of them fails now and then.
ONE_INIT = Lock()


@dataclass(frozen=True)
class Tested:
    """The results of every environment and their plans."""

    results: list[Result]
    plans: list[Plan]


def formatting(tree: Tree) -> Result:
    """Is every file as `terraform fmt` writes it?"""

    def check() -> tuple[str, list[str]]:
        output = programs.run(programs.terraform(), "fmt", "-check", "-recursive", "infra", cwd=tree.root)
        files = [f"{name}: run terraform fmt" for name in output.text.split()]
        return f"{len(list(tree.root.glob('infra/**/*.tf')))} files", files or ([output.both] if output.code else [])

    return timed("fmt", check)


def environments(tree: Tree, only: set[str] | None = None) -> Tested:
    """Init, validate and test of every environment (or of `only` these), two at once."""
    roots = [root for root in tree.environments if only is None or root.name in only]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda root: _environment(tree, root), roots))
    return Tested(
        [result for results, _ in outcomes for result in results], [plan for _, found in outcomes for plan in found]
    )


def command(tree: Tree, root: Path, *arguments: str, env: dict[str, str] | None = None) -> programs.Output:
    """Run a command of Terraform's in an environment; `env` is added to what it may know."""
    color = [] if arguments[0] == "state" else ["-no-color"]
    return programs.run(
        programs.terraform(),
        arguments[0],
        *color,
        *arguments[1:],
        cwd=root,
        env={**_environment_of(tree, root), **(env or {})},
    )


def initialize(tree: Tree, root: Path) -> Result:
    """Init alone."""

    def check() -> tuple[str, list[str]]:
        folder = programs.provider_folder()
        where = [f"-plugin-dir={folder}"] if folder else []
        with ONE_INIT:
            output = command(tree, root, "init", "-backend=false", "-input=false", *where)
        return "the provider from " + ("this machine" if folder else "the registry"), [
            output.both
        ] if output.code else []

    return timed(f"{root.name}: init", check)


def validate(tree: Tree, root: Path) -> Result:
    """Does the configuration hold together?"""

    def check() -> tuple[str, list[str]]:
        output = command(tree, root, "validate")
        return "configuration", [output.both] if output.code else []

    return timed(f"{root.name}: validate", check)


def test(tree: Tree, root: Path) -> tuple[Result, list[Plan]]:
    """The environment's own tests, and the plans of its whole runs."""
    found: list[Plan] = []

    def check() -> tuple[str, list[str]]:
        log = tree.data / f"{root.name}.test.json"
        with log.open("wb") as stream:
            command = [programs.terraform(), "test", "-json", "-verbose"]
            # No input at all: Terraform would ask a terminal for a variable that a test forgot.
            done = subprocess.run(
                command, cwd=root, env=_environment_of(tree, root), stdout=stream, stderr=subprocess.PIPE, check=False
            )
        findings, passed = [], 0
        for event in plans.events(log, plans.whole_runs(root)):
            if event["type"] == "test_plan":
                found.append(plans.plan(root.name, event))
            elif event["type"] == "diagnostic" and event["diagnostic"]["severity"] == "error":
                findings.append(_diagnostic(event))
            elif event["type"] == "test_summary":
                passed = event["test_summary"]["passed"]
        log.unlink()
        if done.returncode and not findings:
            findings = [done.stderr.decode() or "terraform test failed and did not say why"]
        if not findings and not passed:
            findings = ["no test ran"]
        if not findings and not found:
            findings = ["no run plans the environment as a whole"]
        return f"{passed} runs", findings

    return timed(f"{root.name}: test", check), found


def _environment(tree: Tree, root: Path) -> tuple[list[Result], list[Plan]]:
    results = [initialize(tree, root)]
    if results[-1].passed:
        results.append(validate(tree, root))
    if not results[-1].passed:
        return results, []
    result, found = test(tree, root)
    return [*results, result], found


def _diagnostic(event: dict[str, dict[str, object]]) -> str:
    diagnostic = event["diagnostic"]
    where = diagnostic.get("range")
    place = f"{where['filename']}:{where['start']['line']}: " if isinstance(where, dict) else ""
    return f"{place}{event.get('@testrun', '')}: {diagnostic['summary']}: {diagnostic.get('detail', '')}"


def _environment_of(tree: Tree, root: Path) -> dict[str, str]:
    tree.data.mkdir(parents=True, exist_ok=True)
    cache = programs.WORK / "plugins"
    cache.mkdir(parents=True, exist_ok=True)
    more = {
        "TF_DATA_DIR": str(tree.data / root.name),
        "TF_PLUGIN_CACHE_DIR": str(cache),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
    configuration = os.environ.get("TF_CLI_CONFIG_FILE")
    if configuration is None or not Path(configuration).is_file():
        empty = programs.WORK / "terraform.rc"
        empty.touch()
        more["TF_CLI_CONFIG_FILE"] = str(empty)
    return programs.environment(more)


def checkov_json(plan: Plan) -> str:
    """A plan as `terraform show -json` would print it: a test prints no planned_values."""
    resources = []
    for change in plan.raw.get("resource_changes", []):
        if change["mode"] == "managed" and change["change"].get("after") is not None:
            resource = {
                key: change[key]
                for key in ("address", "mode", "type", "name", "provider_name", "index")
                if key in change
            }
            resources.append(
                {**resource, "schema_version": 0, "sensitive_values": {}, "values": change["change"]["after"]}
            )
    whole = {**plan.raw, "format_version": "1.2", "terraform_version": "1.11.0", "configuration": {"root_module": {}}}
    return json.dumps({**whole, "planned_values": {"root_module": {"resources": resources, "child_modules": []}}})
