"""Column types that mean the same on both databases."""

from sqlalchemy import Text
from sqlalchemy.types import TypeEngine


def ordered_text() -> TypeEngine[str]:
    """Text that is compared and ordered by its UTF-8 bytes, as SQLite does: what is paged by it, or is a range in it."""
    return Text().with_variant(Text(collation="C"), "postgresql")
