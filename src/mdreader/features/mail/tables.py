"""Mails and the addresses that take none. Instants are milliseconds since the Unix epoch."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from mdreader.db.metadata import metadata
from mdreader.db.types import ordered_text

mails = Table(
    "mails",
    metadata,
    Column("id", String(36), primary_key=True),  # in the order of their making; the carrier sees it as the Message-ID
    Column("template", String(64), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("data", Text, nullable=False),  # JSON for the template; emptied when the mail has left, as links stand in it
    Column("subject", Text, nullable=False),
    Column("state", String(12), nullable=False),  # queued | sending | ending | sent | failed | suppressed | unknown
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),  # of the newest attempt, for people
    Column("carrier_id", Text),  # what the carrier calls it
    Column("created_at", BigInteger, nullable=False),
    Column("give_up_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
)

mail_suppressions = Table(  # addresses that carriers reported: no mail goes there any more
    "mail_suppressions",
    metadata,
    Column("email", ordered_text(), primary_key=True),  # lower case
    Column("reason", String(16), nullable=False),  # bounce | complaint
    Column("detail", Text, nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
)

mail_reports = Table(  # what was heard from carriers, so that it counts once
    "mail_reports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Index("ix_mail_reports_received_at", "received_at"),
)
