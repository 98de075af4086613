"""`mdreader cloud plan`: what it prints, what it writes, and what it says when it cannot."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from gates.programs import terraform
from typer.testing import CliRunner

from mdreader.cli import app

ENVIRONMENTS = Path(__file__).parents[2] / "infra" / "environments"
# What only the owner of an account knows, as the environments' own examples have it.
KNOWN_TO_ITS_OWNER = {
    "domain": "docs.example.org",
    "zone_id": "Z0123456789ABCDEFGHIJ",
    "mail_from": "mdreader@example.org",
    "cell": "eu",
    "cells": '[{name = "eu", url = "https://docs.example.org"}, {name = "us", url = "https://us.example.org"}]',
    "copy_region": "eu-west-1",
    "files_public_key": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
}


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["cloud", "plan", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_it_prints_a_table() -> None:
    code, output, _ = run("--users", "1000", "--active-hours", "2", "--region", "eu-central-1", "--size", "team")
    assert code == 0
    assert re.match(r"team in eu-central-1: \$\d+\.\d\d a month \(prices of \d{4}-\d\d\)", output)
    for part in ("servers", "db.t4g.", "cache.t4g.micro", "Fargate", "Load balancer", "WAF"):
        assert part in output


def test_it_prints_json() -> None:
    code, output, _ = run("--users", "20000", "--json")
    assert code == 0
    found = json.loads(output)
    assert found["size"] == "team"
    assert found["servers"]["peak"] >= 2
    assert found["dollars_per_month"] == pytest.approx(sum(one["dollars"] for one in found["items"]), abs=0.2)
    assert "box carries" in found["why"]


def test_the_ladder_names_limits_and_levers() -> None:
    code, output, _ = run("--ladder")
    assert code == 0
    assert "1,000,000,000 users" in output
    assert "Valkey" in output
    code, output, _ = run("--ladder", "--json")
    assert [rung["users"] for rung in json.loads(output)] == [10**power for power in range(3, 10)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--users", "-5"), "--users is a number of people"),
        (("--users", "0"), "--users is a number of people"),
        ((), "--users is a number of people"),
        (("--users", "10", "--active-hours", "25"), "--active-hours is more than 0 and at most 24"),
        (("--users", "10", "--active-hours", "nan"), "--active-hours is more than 0 and at most 24"),
        (("--users", "10", "--region", "mars-1"), "Known: ap-northeast-1"),
        (("--users", "100000", "--size", "box"), "Take --size team"),
        (("--users", "10", "--out", "/proc/none/x"), "Name another file with --out"),
    ],
)
def test_what_cannot_be_planned_says_what_to_do(arguments: tuple[str, ...], says: str) -> None:
    code, output, errors = run(*arguments)
    assert code == 1
    assert says in errors
    assert output == ""


def test_words_it_does_not_know_are_refused() -> None:
    assert run("--users", "10", "--size", "galaxy")[0] == 2
    assert run("--users", "many")[0] == 2


PLANNED = pytest.mark.parametrize(
    ("size", "users", "more"),
    [
        ("box", "1000", ()),
        ("team", "1000", ()),
        ("team", "40000", ("--multi-az", "--nat", "gateway", "--accounts", "lite")),
        ("planet", "3000000", ("--accounts", "essentials")),
    ],
)


def write(size: str, users: str, more: tuple[str, ...], folder: Path) -> str:
    """Write the file beside the environment's variables; its text."""
    declared = sorted((ENVIRONMENTS / size).glob("variables*.tf"))
    assert declared, f"infra/environments/{size} declares no variables"
    for file in declared:
        shutil.copy(file, folder)
    code, _, errors = run("--users", users, "--size", size, "--out", str(folder / "planned.tfvars"), *more)
    assert code == 0, errors
    return (folder / "planned.tfvars").read_text()


def declared_in(folder: Path) -> dict[str, str]:
    """The variables of an environment, and their types."""
    text = "".join(file.read_text() for file in folder.glob("variables*.tf"))
    return dict(re.findall(r'^variable "(\w+)" \{.*?^  type +=\s+(\S+)', text, re.MULTILINE | re.DOTALL))


@PLANNED
def test_the_environments_know_every_name_and_type(
    size: str, users: str, more: tuple[str, ...], tmp_path: Path
) -> None:
    written = write(size, users, more, tmp_path)
    known = declared_in(tmp_path)
    values = re.findall(r"^(\w+) = (.+)$", written, re.MULTILINE)
    assert values
    for name, value in values:
        assert name in known, f"infra/environments/{size} has no variable {name}"
        kind = "string" if value.startswith('"') else "bool" if value in {"true", "false"} else "number"
        assert known[name] == kind, name


def terraform_takes(folder: Path) -> subprocess.CompletedProcess[str]:
    """What Terraform says to the variables and the file: no provider, no resource, a fraction of a second."""
    (folder / "empty.rc").touch()
    known = declared_in(folder)
    return subprocess.run(
        [terraform(), "plan", "-input=false", "-no-color", "-compact-warnings", "-var-file=planned.tfvars"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(folder / "empty.rc"),
            **{f"TF_VAR_{name}": value for name, value in KNOWN_TO_ITS_OWNER.items() if name in known},
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.terraform
@PLANNED
def test_terraform_takes_the_file(size: str, users: str, more: tuple[str, ...], tmp_path: Path) -> None:
    """Terraform itself checks it against the environment's validations."""
    written = write(size, users, more, tmp_path)
    result = terraform_takes(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "undeclared" not in result.stdout
    # That it would see a value that does not hold:
    name, wrong = ("data_volume_gb", "1") if size == "box" else ("tasks_max", "0")
    changed = re.sub(rf"^{name} = .*$", f"{name} = {wrong}", written, flags=re.MULTILINE)
    assert changed != written
    (tmp_path / "planned.tfvars").write_text(changed)
    assert "Invalid value for variable" in terraform_takes(tmp_path).stderr
