"""What accounts say and hear over HTTP."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

EMAIL_CHARACTERS = 254  # RFC 5321: what fits into an SMTP path
NAME_CHARACTERS = 100
# Beyond the policy's own limit, so that its clear words come first; this one only bounds the work of normalising.
PASSWORD_CHARACTERS = 2048

# Controls, surrogates (JSON can smuggle lone ones in, and no database takes them), line and paragraph separators.
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
# Bidirectional overrides: a name that holds one turns the text around it, in a list of members or beside a cursor.
_TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_clean(text: str) -> bool:
    """Whether `text` can stand in a line beside others: no controls, no line breaks, nothing that turns what is around it."""
    return not any(character in _TURNING or unicodedata.category(character) in _UNPRINTABLE for character in text)


def normalise_email(text: str) -> str:
    """The one form in which an address is stored and compared: NFC, lower case, no space around it."""
    return unicodedata.normalize("NFC", text).strip().lower()


def _email(text: str) -> str:
    email = normalise_email(text)
    local, at, domain = email.rpartition("@")
    shaped = at and local and "@" not in local and len(email) <= EMAIL_CHARACTERS and all(domain.split("."))
    if (
        not shaped
        or not is_clean(email)
        or any(character.isspace() or character in '<>()[]\\,;:"' for character in email)
    ):
        raise PydanticCustomError("email", "This is not an email address.")
    return email


def _storable(text: str) -> str:
    if not is_clean(text):
        raise PydanticCustomError("text", "This has characters that no email address has.")
    return text


def _name(text: str) -> str:
    name = unicodedata.normalize("NFC", text).strip()
    if not 0 < len(name) <= NAME_CHARACTERS:
        raise PydanticCustomError("name", "A name has 1 to {limit} characters.", {"limit": NAME_CHARACTERS})
    if not is_clean(name):
        raise PydanticCustomError("name", "A name has no control characters and no line breaks.")
    return name


# The lengths before normalising are generous; they keep the OpenAPI document honest and the work bounded.
Email = Annotated[
    str, Field(min_length=3, max_length=2 * EMAIL_CHARACTERS, examples=["ada@example.org"]), AfterValidator(_email)
]
Name = Annotated[
    str, Field(min_length=1, max_length=4 * NAME_CHARACTERS, examples=["Ada Lovelace"]), AfterValidator(_name)
]
Password = Annotated[str, Field(max_length=PASSWORD_CHARACTERS)]
Scope = Literal["read", "write"]


class SignupIn(BaseModel):
    """A new account."""

    email: Email
    password: Password = Field(
        description="8 or more characters with upper and lower case, a digit and a symbol; or 16 or more of any kind."
    )
    name: Name


class LoginIn(BaseModel):
    """Credentials. The address is taken as it comes: one that cannot exist is answered like one that does not."""

    email: Annotated[str, Field(max_length=2 * EMAIL_CHARACTERS), AfterValidator(_storable)]
    password: Password


class RefreshIn(BaseModel):
    """The newest refresh token; each works once."""

    refresh_token: str = Field(max_length=512)


class PasswordIn(BaseModel):
    """A change of password."""

    current_password: Password | None = Field(None, description="Left out by those who have none.")
    new_password: Password


class ProfileIn(BaseModel):
    """What a person may change about themselves."""

    name: Name


class UserOut(BaseModel):
    """A person, as answers about sessions name them."""

    id: str
    email: str
    name: str


class MeOut(UserOut):
    """A person, to themselves."""

    created_at: str = Field(description="RFC 3339, UTC.")
    is_operator: bool = Field(description="This account runs the server: it may read the outbox.")


class TokensOut(BaseModel):
    """A session for an API client."""

    user: UserOut
    access_token: str = Field(description="Send it as `Authorization: Bearer`.")
    refresh_token: str = Field(
        description="Works once; the answer carries the next. Using an old one ends the session."
    )
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int = Field(description="Seconds until the access token expires.")


class CookieSessionOut(BaseModel):
    """A session for the page: the tokens are in HttpOnly cookies."""

    user: UserOut
    csrf_token: str = Field(description="Send it as `X-CSRF-Token` with every unsafe method.")
    expires_in: int = Field(description="Seconds until the access token expires.")


class SecondStepOut(BaseModel):
    """No session yet: a second step is asked for."""

    mfa_required: Literal[True] = True
    mfa_token: str = Field(description="Send it to `/api/auth/mfa` with a code.")
    methods: list[Literal["totp", "recovery_code", "email_code"]]
    expires_in: int = Field(description="Seconds until one must begin anew.")


class KeyIn(BaseModel):
    """A new API key."""

    name: Name
    scope: Scope
    password: Password | None = Field(None, description="When the sign-in is longer ago than 15 minutes.")


class KeyOut(BaseModel):
    """An API key, without the key."""

    id: str
    name: str
    scope: Scope
    prefix: str = Field(description="How the key begins, to tell keys apart.")
    created_at: str
    last_used_at: str | None = Field(description="Exact to a minute.")


class NewKeyOut(KeyOut):
    """An API key, the only time that it is shown."""

    key: str


class KeysOut(BaseModel):
    """All keys that hold, oldest first."""

    items: list[KeyOut]


class ConfigOut(BaseModel):
    """What the page must know before anybody logged in."""

    version: str
    signup_open: bool
    first_run: bool = Field(description="There is no account yet; the first may be made even when sign-up is closed.")
    max_document_bytes: int
