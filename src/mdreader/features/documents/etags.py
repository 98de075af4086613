"""Entity tags in requests and answers (RFC 9110, sections 8.8.3 and 13.1). Pure."""

import re
from dataclasses import dataclass
from typing import Final

_TAG: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\U0010ffff]*)"\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Condition:
    """What `If-Match` or `If-None-Match` names: `*`, or entity tags, strong ones and weak ones without their marks."""

    anything: bool
    strong: frozenset[str]
    weak: frozenset[str]

    def matches_strongly(self, etag: str) -> bool:
        """Strong comparison, for `If-Match`: a weak tag never matches."""
        return self.anything or etag in self.strong

    def matches_weakly(self, etag: str) -> bool:
        """Weak comparison, for `If-None-Match`."""
        return self.anything or etag in self.strong or etag in self.weak


def parse_condition(header: str) -> Condition:
    """The condition in a header's value. What is not an entity tag (one without quotes, say) matches nothing."""
    if header.strip() == "*":
        return Condition(anything=True, strong=frozenset(), weak=frozenset())
    strong: set[str] = set()
    weak: set[str] = set()
    for mark, tag in _TAG.findall(header):
        (weak if mark else strong).add(tag)
    return Condition(anything=False, strong=frozenset(strong), weak=frozenset(weak))


def quoted(etag: str) -> str:
    """A strong entity tag as a header has it."""
    return f'"{etag}"'
