"""Where a request comes from."""

from dataclasses import dataclass

from mdreader.features.accounts.device import describe


@dataclass(frozen=True, slots=True)
class Client:
    """Whoever sends a request: their address, what their program calls itself, and under which address they reached us."""

    address: str
    user_agent: str
    base: str

    @property
    def device(self) -> str:
        """What the program calls itself, in words."""
        return describe(self.user_agent)
