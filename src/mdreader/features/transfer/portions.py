"""Cutting many files into portions that are taken one after the other."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar


class Sized(Protocol):
    """Something of so many bytes."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...


S = TypeVar("S", bound=Sized)


def portions(items: Iterable[S], *, count: int, size: int) -> Iterator[list[S]]:
    """Cut `items` into portions of at most `count`, and of at most `size` bytes together; one that is larger goes alone."""
    portion: list[S] = []
    total = 0
    for item in items:
        if portion and (len(portion) == count or total + item.size > size):
            yield portion
            portion, total = [], 0
        portion.append(item)
        total += item.size
    if portion:
        yield portion
