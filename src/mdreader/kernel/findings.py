"""What an examination found, one line each: for `mdreader doctor`."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do when that is not well."""

    state: State
    subject: str
    text: str
    advice: str = ""
