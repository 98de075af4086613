"""What `mdreader doctor --cloud` finds, by settings."""

from typing import Any

from mdreader.cli.doctor_cloud import examine_cloud
from mdreader.kernel.findings import Finding
from mdreader.settings import load_settings
from support.aws import REGION


def found(**settings: Any) -> list[Finding]:
    """All of it."""
    return list(examine_cloud(load_settings(aws_region=REGION, **settings)))


def texts(findings: list[Finding], state: str, subject: str) -> list[str]:
    """What is said of a subject, as far as it is in this state."""
    return [finding.text for finding in findings if (finding.state, finding.subject) == (state, subject)]


def failures(findings: list[Finding]) -> list[str]:
    """What failed. Whatever is not well says in one line what to do."""
    assert all(finding.advice for finding in findings if finding.state != "ok"), findings
    assert all("\n" not in finding.text + finding.advice for finding in findings)
    return [f"{finding.subject}: {finding.text}" for finding in findings if finding.state == "fail"]
