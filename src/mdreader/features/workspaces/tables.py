"""Workspaces and who belongs to them. Instants are milliseconds since the Unix epoch."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, false

from mdreader.db.metadata import metadata
from mdreader.db.types import ordered_text

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", ordered_text(), nullable=False),
    Column("rev", BigInteger, nullable=False, server_default="0"),  # taken by every change: the sync cursor
    # Changes up to this revision are not (or no longer) written down; another epoch makes every cursor of before void.
    Column("horizon", BigInteger, nullable=False, server_default="0"),
    Column("epoch", String(36), nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), ForeignKey("users.id"), nullable=False),
    Column("deleted_at", BigInteger),
    # The router table: where it lives (none: in the first cell of all), and whether that is not here, which the gate asks.
    Column("cell", String(32)),
    Column("away", Boolean, nullable=False, server_default=false()),
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

changes = Table(  # what a cursor reads: written in the transaction that changes the thing
    "changes",
    metadata,
    Column("workspace_id", String(36), ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("rev", BigInteger, primary_key=True),
    Column("position", Integer, primary_key=True),  # within the revision
    Column("kind", String(16), nullable=False),  # document | member | workspace
    Column("entity_id", String(36), nullable=False),
    Column("op", String(16), nullable=False),
    Column("user_id", String(36)),  # who did it, when that is known
    Column("at", BigInteger, nullable=False),
)
