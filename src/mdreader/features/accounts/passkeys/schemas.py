"""What is said of passkeys over HTTP."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from mdreader.features.accounts.schemas import Name

CeremonyToken = Annotated[str, Field(max_length=128)]


class CeremonyOut(BaseModel):
    """What the browser is asked."""

    ceremony: str = Field(description="Send it back with the browser's answer; it holds for five minutes.")
    options: dict[str, Any] = Field(
        description="For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`."
    )


class CredentialIn(BaseModel):
    """What the browser answered."""

    ceremony: CeremonyToken
    credential: dict[str, Any] = Field(description="`credential.toJSON()`")


class NewPasskeyIn(CredentialIn):
    """A new passkey, and what it is called."""

    name: Name


class PasskeyNameIn(BaseModel):
    """What a passkey is called."""

    name: Name


class PasskeyOut(BaseModel):
    """A passkey."""

    id: str
    name: str
    created_at: str
    last_used_at: str | None
    synced: bool = Field(description="Kept by a password manager or account, on more than one device.")


class PasskeysOut(BaseModel):
    """All passkeys of a person, oldest first."""

    items: list[PasskeyOut]
