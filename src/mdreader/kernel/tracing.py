"""Spans of work, for whoever collects them. Nobody does by default, and then one costs a comparison.

doing     a part of a request or job that is traced; nothing outside of one
working   a piece of work of its own: a job
worked    the same, after it was done: for code that is called back instead of awaiting
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

Value = str | int | float | bool


class Tracer(Protocol):
    """Somebody who collects."""

    def doing(self, name: str, attributes: dict[str, Value]) -> AbstractContextManager[object]:
        """A span under the current one, while the block runs."""
        ...

    def working(self, name: str, attributes: dict[str, Value]) -> AbstractContextManager[object]:
        """A span of its own, which is the current one while the block runs."""
        ...

    def worked(self, name: str, seconds: float, attributes: dict[str, Value]) -> None:
        """A span of its own that ends now."""
        ...


_NOTHING: Final = nullcontext()
_tracer: Tracer | None = None


def collect(tracer: Tracer | None) -> None:
    """Send spans there from now on; None: nowhere."""
    global _tracer  # noqa: PLW0603 - like the metrics, one a process: what is traced does not know who asks
    _tracer = tracer


def doing(name: str, **attributes: Value) -> AbstractContextManager[object]:
    """See the module."""
    return _NOTHING if _tracer is None else _tracer.doing(name, attributes)


def working(name: str, **attributes: Value) -> AbstractContextManager[object]:
    """See the module."""
    return _NOTHING if _tracer is None else _tracer.working(name, attributes)


def worked(name: str, seconds: float, **attributes: Value) -> None:
    """See the module."""
    if _tracer is not None:
        _tracer.worked(name, seconds, attributes)
