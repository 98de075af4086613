"""`make run` installs what a fleet needs when a setting asks for it, and not otherwise."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mdreader.bootstrap.extras import needed
from mdreader.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
# By setting: a value that needs an extra.
ASKING = {
    "DATABASE_URL": "postgresql://ann:p%40$x@db.example.org/notes",
    "REDIS_URL": "redis://127.0.0.1/0",
    "AWS_S3_BUCKET": "files",
    "MAIL_URL": "ses:",
    "IDENTITY": "cognito",
    "SECRETS_ARN": "arn",
    "SNS_TOPIC_ARN": "arn",
    "JOBS_QUEUE_URL": "https://queue",
    "SES_EVENTS_TOPIC_ARN": "arn",
    "SES_EVENTS_QUEUE_URL": "https://queue",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
}
WITH_THEM = {"EMAIL_FROM": "a@example.org", "COGNITO_USER_POOL_ID": "eu_x", "COGNITO_CLIENT_ID": "x"}

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


def planned(tmp_path: Path, *arguments: str, **settings: str) -> str:
    """What `make run` would do where nothing is installed yet."""
    return subprocess.run(
        ["make", "--dry-run", "run", f"VENV={tmp_path}", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_every_setting_that_needs_an_extra_is_known_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ASKING, **WITH_THEM}.items():
        monkeypatch.setenv(name, value)
    assert {name for name, _ in needed(load_settings())} == set(ASKING)


@pytest.mark.parametrize("name", ASKING)
def test_one_that_is_set_brings_what_it_needs(name: str, tmp_path: Path) -> None:
    assert "requirements-fleet.lock" in planned(tmp_path, **{name: ASKING[name]})


def test_so_does_one_on_the_command_line(tmp_path: Path) -> None:
    assert "requirements-fleet.lock" in planned(tmp_path, "REDIS_URL=redis://127.0.0.1/0")


def test_the_default_brings_nothing_of_it(tmp_path: Path) -> None:
    plain = {"DATABASE_URL": "sqlite:///notes.sqlite3", "MAIL_URL": "smtp://127.0.0.1", "IDENTITY": "embedded"}
    assert "requirements-fleet.lock" not in planned(tmp_path, **plain)
