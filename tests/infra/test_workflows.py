"""What must hold of the workflows whatever a linter thinks: pinned actions, no kept keys, the least permissions, their order."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github").rglob("*.yml"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(path).values() for step in job.get("steps", [])]


def test_actions_of_others_are_pinned_to_a_commit_with_its_version_beside_it() -> None:
    used = [line.strip() for file in FILES for line in re.findall(r"uses: (.+)$", file.read_text(), re.MULTILINE)]
    assert used
    assert [line for line in used if not line.startswith("$/") and not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_have_what_they_need_and_no_more(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    for name, job in jobs(path).items():
        allowed = {"contents": "read", "id-token": "write"} | ({"contents": "write"} if name == "release" else {})
        assert job.get("permissions", {}).items() <= allowed.items(), name
        assert "timeout-minutes" in job or "uses" in job, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_key_is_kept(path: Path) -> None:
    text = path.read_text()
    assert "secrets." not in text
    assert not re.search(r"(?i)aws_access_key|aws_secret|password:", text)
    assert all(
        step["with"]["persist-credentials"] is False for step in steps(path) if "checkout" in step.get("uses", "")
    )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_that_others_may_write_is_put_into_a_script(path: Path) -> None:
    assert [step for step in steps(path) if "${{" in step.get("run", "")] == []


def test_image_is_tried_before_it_is_pushed_and_pushed_before_it_is_deployed() -> None:
    found = jobs(ROOT / ".github" / "workflows" / "deploy.yml")
    assert found["image"]["needs"] == "check"
    assert found["deploy"]["needs"] == "image"
    push = next(step["run"] for step in found["image"]["steps"] if "docker push" in step.get("run", ""))
    assert push.index("infra/image/try.sh") < push.index("docker push")
    assert {entry["architecture"] for entry in found["image"]["strategy"]["matrix"]["include"]} == {"amd64", "arm64"}
    assert "latest" not in str(found), "tags do not change"
    assert "@$digest" in str(found["deploy"]), "what is deployed is named by its content"


def test_role_takes_the_environment_that_the_jobs_run_in() -> None:
    for name, job in jobs(ROOT / ".github" / "workflows" / "deploy.yml").items():
        if job.get("permissions", {}).get("id-token") == "write":
            assert job["environment"], name


def test_tag_that_is_not_the_version_is_refused() -> None:
    done = subprocess.run(
        ["bash", "infra/delivery/wheel.sh", "v99.0.0"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "The tag is v99.0.0, but the package is version" in done.stderr
