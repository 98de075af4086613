"""The jobs of mailed links and codes."""

from mdreader.features.accounts.codes import service
from mdreader.jobs.registry import Registry
from mdreader.runtime import Runtime


def register(registry: Registry[Runtime]) -> None:
    """Let jobs look up who asked for a mail."""
    registry.add(service.MAIL, service.mail_what_was_asked_for, timeout_seconds=60)
