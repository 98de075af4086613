"""What documents say and hear over HTTP."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from mdreader.features.documents.paths import MAX_PATH_BYTES
from mdreader.features.documents.records import Document
from mdreader.features.workspaces.access import Role
from mdreader.kernel.clock import iso

# Ids that one call to restore may name: what fits into a body of a megabyte.
MAX_IDS = 25_000

RawPath = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2 * MAX_PATH_BYTES,  # before normalising, which may shorten it
        description="Names between forward slashes, from the workspace on. Stored in Unicode's form NFC; 1,024 bytes of UTF-8 "
        "at most, 255 a name, 32 names. No empty name, no `.` or `..`, no backslash, no control characters, no space at either end "
        "of a name and no dot at its end.",
        examples=["guides/setup.md"],
    ),
]

DocumentId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class DocumentIn(BaseModel):
    """A new document."""

    path: RawPath
    content: str = Field("", description="Kept exactly: line ends, byte order mark, no final newline.")


class ContentIn(BaseModel):
    """A whole new text."""

    content: str


class PathIn(BaseModel):
    """Where a document is to stand."""

    path: RawPath


class RestoreIn(BaseModel):
    """Where a deleted document is to come back."""

    path: RawPath | None = Field(None, description="Where it stood, when left out.")


class RestoreManyIn(BaseModel):
    """Documents to take back."""

    document_ids: list[DocumentId] = Field(max_length=MAX_IDS)


class FolderMoveIn(BaseModel):
    """A folder, and where it is to be."""

    from_path: RawPath
    to_path: RawPath


class FolderIn(BaseModel):
    """A folder."""

    path: RawPath


class DocumentOut(BaseModel):
    """A document without its text. While people type, title, size, rev and updated_at follow a few seconds later."""

    id: str
    workspace_id: str
    path: str
    title: str = Field(description="From the front matter, else the first heading, else the file name.")
    rev: int = Field(description="The workspace's revision at the last change; grows with each.")
    size: int = Field(description="Bytes of UTF-8.")
    created_at: str = Field(description="RFC 3339, UTC.")
    updated_at: str = Field(description="RFC 3339, UTC.")


class DocumentTextOut(DocumentOut):
    """A document with its text as it is now."""

    content: str = Field(description="The exact text.")
    role: Role = Field(description="What the person who asks is in the workspace.")
    epoch: str = Field(description="The life of the live text; a copy from another one must not be merged into it.")
    eol: Literal["lf", "crlf"] = Field(
        description="`crlf` when every line ends so; the live text then has bare line feeds, `content` does not."
    )


class DeletedDocumentOut(DocumentOut):
    """A document in the trash; `path` is where it stood."""

    deleted_at: str = Field(description="RFC 3339, UTC.")


class DocumentsOut(BaseModel):
    """A page of the tree, by path."""

    items: list[DocumentOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")


class TrashOut(BaseModel):
    """A page of the trash, the newest deletion first."""

    items: list[DeletedDocumentOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")


class RestoreConflictOut(BaseModel):
    """A document that could not be taken back."""

    document_id: str
    path: str | None = Field(description="Where it stood; null when there is no such document.")
    code: str
    detail: str


class RestoredOut(BaseModel):
    """What was taken back, and what was not."""

    items: list[DocumentOut]
    conflicts: list[RestoreConflictOut]


class FolderMovedOut(BaseModel):
    """How many documents moved."""

    moved: int


class FolderDeletedOut(BaseModel):
    """What was deleted: send it to `documents/restore` to undo."""

    document_ids: list[str]


def members_of(document: Document) -> dict[str, object]:
    """The members of `DocumentOut`."""
    return {
        "id": document.id,
        "workspace_id": document.workspace_id,
        "path": document.path,
        "title": document.title,
        "rev": document.rev,
        "size": document.size,
        "created_at": iso(document.created_at),
        "updated_at": iso(document.updated_at),
    }


def document_out(document: Document) -> DocumentOut:
    """As an answer."""
    return DocumentOut.model_validate(members_of(document))


def deleted_out(document: Document, deleted_at: int) -> DeletedDocumentOut:
    """As an answer about the trash."""
    return DeletedDocumentOut.model_validate({**members_of(document), "deleted_at": iso(deleted_at)})
