"""What a gate answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gates.programs import MissingError


@dataclass(frozen=True)
class Result:
    """A gate's answer: how much it looked at, what it found and in how many seconds."""

    gate: str
    looked_at: str
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def timed(gate: str, check: Callable[[], tuple[str, list[str]]]) -> Result:
    """The result of `check`, which says what it looked at and what it found."""
    begun = time.monotonic()
    try:
        looked_at, findings = check()
    except MissingError as error:
        looked_at, findings = "nothing", [str(error)]
    return Result(gate, looked_at, findings, time.monotonic() - begun)
