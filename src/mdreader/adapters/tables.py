"""What adapters keep in the database when it is shared by several servers and no Redis is there."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from mdreader.db.metadata import metadata

socket_tickets = Table(  # ports.tickets; rows live for a minute
    "socket_tickets",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the ticket, in hex
    Column("document_id", String(36), nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("session_id", String(36)),
    Column("key_id", String(36)),
    Column("actor", Text, nullable=False),  # JSON
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_socket_tickets_user_id", "user_id"),
    Index("ix_socket_tickets_expires_at", "expires_at"),
)

rate_limit_windows = Table(  # ports.rate_limits
    "rate_limit_windows",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the limit's name and the key: an address, an account
    Column("attempts", Text, nullable=False),  # JSON: when each counted attempt was, in milliseconds
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_rate_limit_windows_expires_at", "expires_at"),
)
