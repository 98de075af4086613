"""What the marks in a database say of its schema, and which versions of mdreader can work with it.

Steps come in pairs. A `pre` step ("0007") adds, and servers of the version before go on beside it. A `post` step ("0007_post") takes away
what only versions before 0007 used, and runs when none of these is left. Both are revisions of Alembic, in two chains beside each other.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Phase = Literal["pre", "post", "all"]
_POST = "_post"


class Schema(NamedTuple):
    """The newest step of each kind that was done; None for none."""

    pre: str | None = None
    post: str | None = None

    def __str__(self) -> str:
        return " and ".join(step for step in self if step is not None) or "none"

    def serves(self, head: str) -> bool:
        """Whether a server whose newest `pre` step is `head` can work with it: nothing is missing, and nothing it needs was taken away."""
        return self.pre is not None and self.pre >= head and not self.outgrew(head)

    def outgrew(self, head: str) -> bool:
        """Whether something was taken away that a server at `head` needs."""
        return self.post is not None and self.post.removesuffix(_POST) > head


def schema_of(marks: Iterable[str]) -> Schema:
    """The schema that has these marks: the rows of Alembic's table."""
    found = sorted(marks)
    return Schema(
        # A post step depends on the pre step of its number; then Alembic keeps the mark of the former alone.
        pre=max((mark.removesuffix(_POST) for mark in found), default=None),
        post=max((mark for mark in found if mark.endswith(_POST)), default=None),
    )
