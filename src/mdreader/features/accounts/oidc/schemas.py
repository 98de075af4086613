"""What is said of accounts elsewhere over HTTP."""

from pydantic import BaseModel, Field

from mdreader.features.accounts.schemas import Password


class LinkIn(BaseModel):
    """Where the page goes on; the password when the sign-in is longer ago than 15 minutes."""

    return_to: str = Field("/", max_length=2048)
    password: Password | None = None


class AddressOut(BaseModel):
    """Where the browser goes."""

    url: str


class IdentityOut(BaseModel):
    """An account elsewhere that lets me in here."""

    id: str
    provider: str
    name: str = Field(description="What the provider is called.")
    email: str | None
    created_at: str
    last_used_at: str | None


class IdentitiesOut(BaseModel):
    """All of them, oldest first."""

    items: list[IdentityOut]
