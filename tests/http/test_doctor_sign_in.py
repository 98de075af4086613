"""`mdreader doctor` names what ways to sign in lack."""

from pathlib import Path
from typing import Any

import pytest

from mdreader.cli.doctor import examine
from mdreader.cli.doctor_sign_in import sign_in
from mdreader.settings import load_settings

GOOGLE: dict[str, Any] = {"google_client_id": "1", "google_client_secret": "2"}
MAIL: dict[str, Any] = {"mail_url": "smtp://127.0.0.1:25", "email_from": "notes@example.org"}
POOL: dict[str, Any] = {
    "identity": "cognito",
    "cognito_user_pool_id": "eu-central-1_Example",
    "cognito_client_id": "7client",
}
PAGES = {"cognito_domain": "https://people.example.org"}
NAMED = {"public_url": "https://notes.example.org"}


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({}, {}),
        (GOOGLE, {"sign-in": "warn"}),
        (GOOGLE | NAMED, {"sign-in": "ok", "passkeys": "ok"}),
        (MAIL, {"mail links": "warn"}),
        (MAIL | NAMED, {"mail links": "ok", "passkeys": "ok"}),
        ({"host": "0.0.0.0"}, {"passkeys": "warn"}),
        ({"trusted_proxies": "127.0.0.1"}, {"passkeys": "warn"}),
        ({"public_url": "http://notes.example.org"}, {"passkeys": "warn"}),
        ({"public_url": "https://192.0.2.7"}, {"passkeys": "warn"}),
        (POOL, {}),
        (POOL | PAGES, {"sign-in": "warn"}),
        (POOL | GOOGLE, {}),  # a pool knows its providers itself
        (GOOGLE | MAIL | {"host": "::"}, {"sign-in": "warn", "mail links": "warn", "passkeys": "warn"}),
    ],
)
def test_what_needs_the_public_address(settings: dict[str, Any], lines: dict[str, str]) -> None:
    found = list(sign_in(load_settings(**settings)))
    assert {finding.subject: finding.state for finding in found} == lines
    assert len(found) == len(lines)  # one line each
    for finding in found:
        assert finding.state == "ok" or "PUBLIC_URL" in finding.advice


def test_the_doctor_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"MDREADER_DATA": str(tmp_path), "MAIL_URL": MAIL["mail_url"], "PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EMAIL_FROM", MAIL["email_from"])
    (said,) = [finding for finding in examine() if finding.subject == "mail links"]
    assert said.state == "warn"
