"""What import says and hears over HTTP."""

from typing import Final, Literal

from pydantic import BaseModel, Field

# What one call may bring. It is answered when everything in it is stored, and others write in between.
MAX_FILES: Final = 500
MAX_BYTES: Final = 16_000_000

Status = Literal["created", "updated", "unchanged", "kept", "refused"]


class FileIn(BaseModel):
    """A Markdown file. A path or text that cannot be stored refuses this file alone."""

    path: str = Field(max_length=8192, description="As in DocumentIn.", examples=["guides/setup.md"])
    content: str = Field(description="Kept exactly: line ends, byte order mark, no final newline.")


class ImportIn(BaseModel):
    """Files to bring in: 16 MB of UTF-8 at most, or a single document of any size that the server takes."""

    documents: list[FileIn] = Field(max_length=MAX_FILES)
    overwrite: bool = Field(default=False, description="Replace documents that were edited here, too.")


class ImportedOut(BaseModel):
    """What became of one file."""

    path: str = Field(description="As it was sent.")
    status: Status = Field(
        description="`created`: it was not there. `unchanged`: it is there with this text. `updated`: nobody had edited the document "
        "here since its last import, so it has this text now. `kept`: it was edited here, and stays as it is. "
        "`refused`: it cannot be stored; `code` and `detail` say why."
    )
    id: str | None = Field(description="The document; null when refused.")
    code: str | None = Field(description="Why it was kept or refused.")
    detail: str | None = Field(description="The same in words.")


class ImportOut(BaseModel):
    """What became of the files, in the order in which they were sent."""

    items: list[ImportedOut]
