"""Secrets of the environment: what is set when the process starts."""

from collections.abc import Mapping


class EnvironmentSecrets:
    """Reads `NAME` for `name`; never changes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def get(self, name: str) -> str | None:
        """See `ports.secrets.Secrets`."""
        return self._environment.get(name.upper()) or None

    async def refresh(self) -> None:
        """Nothing to ask."""
