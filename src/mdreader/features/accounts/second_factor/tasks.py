"""The jobs of second steps."""

from mdreader.features.accounts.second_factor import service
from mdreader.jobs.registry import Registry
from mdreader.runtime import Runtime


def register(registry: Registry[Runtime]) -> None:
    """Let jobs mail another code."""
    registry.add(service.MAIL_CODE, service.mail_code_of_step, timeout_seconds=60)
