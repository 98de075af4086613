"""A document without its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mdreader.features.documents.tables import documents
from mdreader.features.documents.titles import title_of_path


@dataclass(frozen=True, slots=True)
class Document:
    """A row of the tree. Instants in milliseconds, `size` in bytes of UTF-8.

    `own_title`, `size`, `rev` and `updated_at` are those of the text when it was last recorded, which is at once for what comes over
    HTTP and a few seconds later for what people type. `imported_etag` is the text's ETag (unquoted) when it was last imported.
    """

    id: str
    workspace_id: str
    path: str
    own_title: str
    rev: int
    size: int
    imported_etag: str | None
    created_at: int
    updated_at: int
    deleted_at: int | None

    @property
    def title(self) -> str:
        """What it is called: by its text, else by its file name."""
        return self.own_title or title_of_path(self.path)


# In the order of the fields.
COLUMNS: Final = (
    documents.c.id,
    documents.c.workspace_id,
    documents.c.path,
    documents.c.title,
    documents.c.rev,
    documents.c.size,
    documents.c.imported_etag,
    documents.c.created_at,
    documents.c.updated_at,
    documents.c.deleted_at,
)


def document(row: Sequence[Any]) -> Document:
    """The document in a row of `COLUMNS`."""
    return Document(*row)
