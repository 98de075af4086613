"""What is said about mails over HTTP."""

from typing import Literal

from pydantic import BaseModel, Field


class MailOut(BaseModel):
    """A mail. Instants in milliseconds. What it says is there only while it is kept here."""

    id: str
    template: str
    to: str
    subject: str
    state: Literal["queued", "sending", "ending", "sent", "failed", "suppressed", "unknown"]
    error: str | None = Field(description="Why the newest attempt failed, for people")
    sendable: bool = Field(description="Nobody knows whether it went; it can be sent again")
    created_at: int
    sent_at: int | None
    text: str | None
    html: str | None = Field(description="A whole document: show it in a frame without scripts")
    link: str | None
    code: str | None


class OutboxOut(BaseModel):
    """Mails, the newest first."""

    kept: bool = Field(description="There is no mail server: this is where mails are read")
    items: list[MailOut]
    next_cursor: str | None


class SuppressionOut(BaseModel):
    """An address that a carrier reported: no mail goes there."""

    email: str
    reason: Literal["bounce", "complaint"]
    detail: str
    created_at: int


class SuppressionsOut(BaseModel):
    """Every address that no mail goes to."""

    items: list[SuppressionOut]
