"""The tree of documents. The text itself belongs to live editing. Instants are milliseconds since the Unix epoch."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, text

from mdreader.db.metadata import metadata
from mdreader.db.types import ordered_text

documents = Table(
    "documents",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("workspace_id", String(36), ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False),
    Column("path", ordered_text(), nullable=False),  # the list is paged, and a folder is a range, in this order
    Column("title", Text, nullable=False),  # what the text says; empty when it says nothing, then it goes by its path
    Column("rev", BigInteger, nullable=False),  # the workspace's revision at the last change
    Column("size", Integer, nullable=False),  # UTF-8 bytes
    Column(
        "imported_etag", String(64)
    ),  # the text's etag when it was last imported: says whether it was edited here since
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), ForeignKey("users.id"), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("updated_by", String(36), ForeignKey("users.id"), nullable=False),
    Column("deleted_at", BigInteger),
    Column("deleted_by", String(36), ForeignKey("users.id")),
    # A deleted document keeps its path without holding it.
    Index(
        "uq_documents_path",
        "workspace_id",
        "path",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index("ix_documents_deleted", "workspace_id", "deleted_at"),
)

document_file_marks = Table(  # documents whose Markdown file is to be written, or removed
    "document_file_marks",
    metadata,
    # No foreign key: it would be checked for each keystroke's worth of text, and a mark without a document is harmless.
    Column("document_id", String(36), primary_key=True),
    Column("mark", String(36), nullable=False),  # another each time: who wrote the file removes the mark that he read
)
