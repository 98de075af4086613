"""Gathers every feature's tables, for migrations."""

from mdreader.adapters import tables as adapters
from mdreader.db import secrets
from mdreader.db.metadata import metadata
from mdreader.features.accounts import tables as accounts
from mdreader.features.collab import tables as collab
from mdreader.features.documents import tables as documents
from mdreader.features.mail import tables as mail
from mdreader.features.workspaces import tables as workspaces
from mdreader.jobs import tables as jobs

__all__ = ["accounts", "adapters", "collab", "documents", "jobs", "mail", "metadata", "secrets", "workspaces"]
