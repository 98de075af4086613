"""What is said of mailed links and codes over HTTP."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from mdreader.features.accounts.challenges import TOKEN_CHARACTERS
from mdreader.features.accounts.schemas import Email, Password

Token = Annotated[str, Field(max_length=2 * TOKEN_CHARACTERS, description="What follows `#token=` in the link.")]
Code = Annotated[str, Field(max_length=32, description="Six digits; spaces do not count.")]


class EmailIn(BaseModel):
    """To which address something is mailed."""

    email: Email


class MailedIn(BaseModel):
    """What came by mail: the link's token; or the address and the code."""

    token: Token | None = None
    email: Email | None = None
    code: Code | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.token is None) == (self.email is None or self.code is None):
            raise ValueError("Send the token; or the email address and the code.")
        return self


class ResetIn(MailedIn):
    """A new password, with what came by mail."""

    password: Password
    revoke_keys: bool = Field(
        default=True,
        description="Revoke all API keys, too: whoever was in the account may have made one, or copied one.",
    )


class VerifyIn(BaseModel):
    """What came by mail to confirm an address; the password when nobody is signed in."""

    token: Token | None = None
    code: Code | None = None
    password: Password | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.token is None) == (self.code is None):
            raise ValueError("Send either the token or the code.")
        return self


class SentOut(BaseModel):
    """A mail is on its way, if there is anybody to send it to."""
