"""What live editing stores: a log of Yjs updates, snapshots that fold it, and the text that they make."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text, false

from mdreader.db.metadata import metadata

document_heads = Table(  # one row a document: what stands beside its text
    "document_heads",
    metadata,
    Column("document_id", String(36), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "epoch", String(36), nullable=False
    ),  # changes when the text is rebuilt: copies of the old epoch must not be merged
    Column(
        "eol", String(4), nullable=False
    ),  # lf | crlf: a uniform CRLF is kept beside the text and put back at every way out
    Column("bom", Boolean, nullable=False, server_default=false()),  # likewise a byte order mark
    # The log's last number. Whoever appends takes the next one here, under the row's lock: only on PostgreSQL, where several servers
    # may append. NULL on SQLite, where one process does, and counts for itself.
    Column("seq", BigInteger),
)

document_updates = Table(  # the log; seq has no holes within a document
    "document_updates",
    metadata,
    Column("document_id", String(36), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # Yjs update v1
    Column("created_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

document_snapshots = Table(  # the log up to seq, folded
    "document_snapshots",
    metadata,
    Column("document_id", String(36), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),  # Yjs update v1
    Column("state_vector", LargeBinary, nullable=False),
)

document_texts = Table(  # the text at seq, so that reading a quiet document needs no CRDT
    "document_texts",
    metadata,
    Column("document_id", String(36), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("text", Text, nullable=False),  # as in the Y.Text: eol and bom of the head are not in it
    Column("etag", String(64), nullable=False),  # of the exact text, eol and bom put back
    Column("size", Integer, nullable=False),  # UTF-8 bytes of the exact text
)

document_clients = Table(  # who writes under a Yjs client id: nobody else may extend it
    "document_clients",
    metadata,
    Column("document_id", String(36), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("client_id", BigInteger, primary_key=True),
    Column("user_id", String(36), nullable=False),
    sqlite_with_rowid=False,
)
