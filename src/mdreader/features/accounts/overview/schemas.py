"""What is said of ways to sign in over HTTP."""

from typing import Literal

from pydantic import BaseModel, Field


class ProviderOut(BaseModel):
    """An account elsewhere that lets people in here."""

    id: str
    name: str


class OptionsOut(BaseModel):
    """How one can sign in here."""

    signup_open: bool
    first_run: bool
    password: bool = True
    magic_link: bool = True
    email_verification: Literal["off", "required"]
    mail: Literal["outbox", "sent"] = Field(
        description="`outbox`: there is no mail server; mails stand in the server's console and in the operator's outbox."
    )
    passkeys: bool = Field(description="Whether browsers offer passkeys at this address.")
    providers: list[ProviderOut]


class TotpOut(BaseModel):
    """The authenticator app."""

    enabled: bool
    recovery_codes_left: int


class SecurityOut(BaseModel):
    """What lets me in."""

    email: str
    email_verified: bool
    has_password: bool
    totp: TotpOut
    passkeys: int
    identities: int
