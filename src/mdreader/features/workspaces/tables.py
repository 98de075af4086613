"""Workspaces and who belongs to them. Instants are milliseconds since the Unix epoch."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from mdreader.db.metadata import metadata
from mdreader.db.types import ordered_text

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", ordered_text(), nullable=False),
    Column("rev", BigInteger, nullable=False, server_default="0"),  # taken by every change: the sync cursor
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), ForeignKey("users.id"), nullable=False),
    Column("deleted_at", BigInteger),
)

memberships = Table(
    "memberships",
    metadata,
    Column("workspace_id", String(36), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), nullable=False),  # owner | editor | commenter | viewer
    Column("created_at", BigInteger, nullable=False),
    Index("ix_memberships_user_id", "user_id"),
)
