"""Who keeps the accounts and checks the passwords, when that is not mdreader itself.

A directory proves who somebody is. Which local user that is, their sessions, cookies and rights stay ours.
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

Reason = Literal[
    "credentials",  # unknown, disabled, or the password is wrong: nobody learns which
    "unconfirmed",  # the address was never confirmed
    "reset_required",  # an administrator asks for a new password
    "taken",  # there is such an account
    "weak_password",
    "code",  # mistyped
    "code_expired",  # or used, or superseded
    "session",  # a token of the directory is over, or the step of a log-in took too long
    "too_many",  # it wants a pause
    "closed",  # nobody may sign up by themselves
]


class DirectoryRefusedError(Exception):
    """The directory said no; `reason` says why, the message what it said (for logs, and for the policy of passwords)."""

    def __init__(self, reason: Reason, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Profile:
    """What the directory says about a person. `subject` never changes and is never given to somebody else."""

    subject: str
    email: str
    email_verified: bool
    name: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody proved who they are. `refresh_token` is None where the directory keeps the one it gave before."""

    profile: Profile
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right; a code of the person's app comes next. `state` goes back to `answer` with it, and is secret."""

    state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claims:
    """A token that was verified. Instants in seconds since the Unix epoch; `profile` is in identity tokens alone.

    All tokens of one sign-in are one `family`, however often they were renewed; `signed_in_at` is when the person showed something.
    """

    subject: str
    family: str
    issued_at: int
    signed_in_at: int
    expires_at: int
    nonce: str | None = None
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands now. `known`: there is one. `waits`: somebody signed up, and the address was never confirmed.

    `email` is the address that the directory has confirmed, in lower case.
    """

    enabled: bool
    totp: bool
    known: bool = True
    waits: bool = False
    email: str | None = None


class PasswordDirectory(Protocol):
    """Accounts with passwords. Every method raises `DirectoryRefusedError`, and `UnavailableError` when nobody answers."""

    async def sign_up(self, email: str, password: str, name: str) -> str:
        """Make an account, and send a code to its address; the account's subject."""
        ...

    async def confirm(self, subject: str, code: str) -> None:
        """The code of the mail arrived: the address is theirs. It is about this very sign-up, not about its address."""
        ...

    async def resend(self, subject: str) -> None:
        """Send another code for a sign-up that is not confirmed."""
        ...

    async def take_over(self, email: str, password: str, name: str | None) -> None:
        """Confirm a sign-up that waits, whoever began it, with another password and name (if any): its address was shown.

        Refused with `taken` when the account does not wait (any more).
        """
        ...

    async def log_in(self, email: str, password: str) -> SignedIn | CodeNeeded:
        """Check a password."""
        ...

    async def answer(self, state: str, code: str) -> SignedIn:
        """Check the code of the person's app, after `log_in` asked for it."""
        ...


class PasswordRecovery(Protocol):
    """Passwords that were forgotten or are changed; raises as `PasswordDirectory` does."""

    async def forgot(self, email: str) -> None:
        """Send a code with which `reset` works. Unknown addresses are no error."""
        ...

    async def reset(self, email: str, code: str, password: str) -> str:
        """Set a new password; whose it is, by subject."""
        ...

    async def change(self, access_token: str, old: str, new: str) -> None:
        """Change the password of somebody who is signed in."""
        ...


class SecondFactor(Protocol):
    """Codes of an app, as the directory keeps them; raises as `PasswordDirectory` does."""

    async def begin(self, access_token: str) -> str:
        """A new secret in base32, which asks for nothing until `enable`."""
        ...

    async def enable(self, access_token: str, code: str) -> None:
        """The app shows `code`: ask for one at each log-in from now on."""
        ...

    async def disable(self, access_token: str) -> None:
        """Ask no more. The token is of a sign-in with the app's code: that is what proves that it is them."""
        ...


class DirectorySessions(Protocol):
    """What comes after a sign-in; raises as `PasswordDirectory` does."""

    async def refresh(self, refresh_token: str, subject: str) -> SignedIn:
        """New tokens, when the account still may."""
        ...

    async def profile(self, access_token: str) -> Profile:
        """Who holds a verified access token."""
        ...

    async def standing(self, who: str) -> Standing:
        """How an account stands, by subject or address, whoever asks. Needs a right of the server's own."""
        ...

    async def end(self, refresh_token: str) -> None:
        """The refresh token, and what came of it, no longer hold."""
        ...

    async def end_all(self, subject: str) -> None:
        """Sign the person out everywhere. Needs a right of the server's own."""
        ...


class TokenVerifier(Protocol):
    """Reads the directory's own tokens."""

    async def verify(self, token: str, use: Literal["access", "id"], now: int) -> Claims:
        """What `token` says, when it is genuine, for us, of that use and holds at `now` (ms); else `UnauthenticatedError`."""
        ...


@dataclass(frozen=True, slots=True)
class Directory:
    """All that a directory does, part by part. `issuer` names it in what we store."""

    issuer: str
    passwords: PasswordDirectory
    recovery: PasswordRecovery
    second_factor: SecondFactor
    sessions: DirectorySessions
    tokens: TokenVerifier
