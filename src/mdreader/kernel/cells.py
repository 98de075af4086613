"""Cells: installations that share nothing but a list of their addresses. A workspace lives in one of them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cells:
    """All cells by name with the addresses that people open, the first of them first, and which of them this is."""

    own: str
    addresses: Mapping[str, str]

    @property
    def first(self) -> str:
        """Where a workspace lives of which nothing else is said: cells were taken from this one."""
        return next(iter(self.addresses))

    def address(self, cell: str | None) -> str | None:
        """The address of the cell that a workspace is said to live in; None for one that is not in the list."""
        return self.addresses.get(cell or self.first)
