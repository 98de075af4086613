"""Named places at which a test lets the process die, as a power cut would. Unarmed they cost one comparison."""

import os
import signal

_armed: dict[str, int] = {}


def arm(specification: str) -> None:
    """Arm `name:n` (several with commas): the process kills itself with SIGKILL the n-th time it passes `name`."""
    for part in filter(None, specification.split(",")):
        name, _, count = part.partition(":")
        _armed[name] = int(count or 1)


def hit(name: str) -> None:
    """Pass the place called `name`."""
    if _armed and name in _armed:
        _armed[name] -= 1
        if _armed[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
