"""Secrets of the environment: what is set when the process starts."""

from collections.abc import Mapping

from mdreader.ports.secrets import Secrets


class EnvironmentSecrets:
    """Reads `NAME` for `name`; never changes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def get(self, name: str) -> str | None:
        """See `ports.secrets.Secrets`."""
        return self._environment.get(name.upper()) or None

    async def refresh(self) -> None:
        """Nothing to ask."""


class FirstOf:
    """Several places to look, the first one that has a value wins."""

    def __init__(self, *places: Secrets) -> None:
        self._places = places

    def get(self, name: str) -> str | None:
        """See `ports.secrets.Secrets`."""
        return next((value for place in self._places if (value := place.get(name)) is not None), None)

    async def refresh(self) -> None:
        """See `ports.secrets.Secrets`."""
        for place in self._places:
            await place.refresh()
