"""What can go wrong with accounts, each with the code that clients hold on to."""

from mdreader.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
)


class InvalidCredentialsError(UnauthenticatedError):
    """The same for an unknown address and a wrong password, so that nobody learns who has an account."""

    code = "invalid_credentials"
    title = "The email address or the password is wrong"


class InvalidRefreshTokenError(UnauthenticatedError):
    """Unknown, expired, used before, or of a session that ended."""

    code = "invalid_refresh_token"
    title = "The session is over. Log in again"


class EmailTakenError(ConflictError):
    """Somebody signed up with this address before."""

    code = "email_taken"
    title = "There is an account with this email address. Log in instead"


class SignupClosedError(ForbiddenError):
    """The settings let nobody sign up (any more)."""

    code = "signup_closed"
    title = "Sign-up is closed on this server"


class WeakPasswordError(InvalidInputError):
    """The new password does not meet the policy; `extra` says what is missing."""

    code = "weak_password"
    title = "Choose a stronger password"


class WrongPasswordError(ForbiddenError):
    """The current password that came with the new one is wrong. Not a 401: the session itself is fine."""

    code = "wrong_password"
    title = "The current password is wrong"


class CsrfFailedError(ForbiddenError):
    """A request that a cookie authenticates lacks the proof that our own page sent it."""

    code = "csrf_failed"
    title = "Send the value of the mdreader_csrf cookie as X-CSRF-Token"


class ReadOnlyKeyError(ForbiddenError):
    """An API key of scope `read` was used to change something."""

    code = "read_only_key"
    title = "This API key may only read"


class SessionRequiredError(ForbiddenError):
    """An API key was used for what only the person may do: a key that leaked must not be able to make another."""

    code = "session_required"
    title = "Log in to do this; an API key is not enough"


class TooManyKeysError(ConflictError):
    """One person holds as many keys as there may be."""

    code = "too_many_keys"
    title = "Revoke an API key that you no longer need first"


class KeyNotFoundError(NotFoundError):
    """No such key, or somebody else's."""

    title = "There is no such API key"


class TooManyAttemptsError(TooManyRequestsError):
    """Over the rate limit of log-ins or sign-ups."""


class InvalidCodeError(ForbiddenError):
    """A code that is wrong, too old, used or tried too often: which of these, nobody is told."""

    code = "invalid_code"
    title = "The code is wrong or holds no longer"


class InvalidLinkError(ForbiddenError):
    """A link of a mail that was used, is too old or was made up."""

    code = "invalid_link"
    title = "The link was used or is too old. Ask for a new one"


class SecondStepOverError(ForbiddenError):
    """The token of a second step was used, is too old, or was tried too often."""

    code = "mfa_expired"
    title = "That took too long or too many tries. Log in again"


class PasswordNeededError(ForbiddenError):
    """Confirming an address without being logged in needs the account's password."""

    code = "password_needed"
    title = "Log in, or enter the password of the account, to confirm its address"


class ReauthenticationRequiredError(ForbiddenError):
    """The sign-in is too long ago for this; `extra` says whether a password would do."""

    code = "reauthentication_required"
    title = "Enter your password, or log in again, to do this"


class DirectoryEmailUnverifiedError(ForbiddenError):
    """The directory has not confirmed an address that somebody here has."""

    code = "email_unverified"
    title = (
        "There is an account with your address, which was never confirmed to be yours. Confirm it, then log in again"
    )


class DirectoryLinkError(ConflictError):
    """The link between an account here and one in the directory must stay: it is by it that the directory is asked."""

    code = "directory_link"
    title = "The directory keeps this account. Its link cannot be taken away; log in with your password"


class PasswordResetRequiredError(ForbiddenError):
    """Whoever runs the directory asks for a new password."""

    code = "password_reset_required"
    title = "Set a new password to go on: use the form for a forgotten one"


class PasswordSignInRequiredError(ForbiddenError):
    """The account has a second factor, which only a sign-in with the password asks for; or the directory has not seen it yet."""

    code = "password_sign_in_required"
    title = "Your account asks for more than this. Log in with your password"


class RecoveryCodesElsewhereError(NotFoundError):
    """The directory has no recovery codes."""

    title = "There are no recovery codes here. Who loses the app turns to whoever runs this server"


class AlreadyVerifiedError(ConflictError):
    """The address was confirmed before."""

    code = "already_verified"
    title = "Your address is confirmed already"


class SessionNotFoundError(NotFoundError):
    """No such session, or somebody else's."""

    title = "There is no such session. It may have ended"


class TotpEnabledError(ConflictError):
    """There is an authenticator app already."""

    code = "totp_enabled"
    title = "An authenticator app is set up already. Remove it first"


class TotpNotFoundError(NotFoundError):
    """There is no authenticator app to confirm or remove."""

    title = "No authenticator app is set up"


class PasskeyRefusedError(ForbiddenError):
    """The browser's answer is not what was asked for, or of a passkey that nobody here has."""

    code = "passkey_refused"
    title = "This passkey was not accepted. Try again, or log in another way"


class PasskeysUnavailableError(ForbiddenError):
    """Browsers know passkeys at names only, and over TLS."""

    code = "passkeys_unavailable"
    title = "Passkeys need an https address with a name, or localhost; the server's owner sets PUBLIC_URL"


class CeremonyExpiredError(ForbiddenError):
    """The ceremony's token was used, is too old, or belongs to somebody else."""

    code = "ceremony_expired"
    title = "That took too long. Try again"


class PasskeyKnownError(ConflictError):
    """This very passkey is registered already."""

    code = "passkey_known"
    title = "This passkey is registered already"


class PasskeyNotFoundError(NotFoundError):
    """No such passkey, or somebody else's."""

    title = "There is no such passkey"


class TooManyPasskeysError(ConflictError):
    """One person has as many as there may be."""

    code = "too_many_passkeys"
    title = "Remove a passkey that you no longer need first"


class ProviderNotFoundError(NotFoundError):
    """The settings name no such provider."""

    title = "There is no such provider to log in with"


class IdentityNotFoundError(NotFoundError):
    """No such link, or somebody else's."""

    title = "No such account is linked"


class OidcFailedError(UnavailableError):
    """A provider cannot be reached, or is set up wrongly."""

    code = "oidc_failed"
    title = "The provider does not answer as it should. Try again"


class OidcError(Exception):
    """Signing in or linking with an account elsewhere ended: `reason` for the page, and where it goes on."""

    def __init__(self, reason: str, return_to: str, *, linking: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.return_to = return_to
        self.linking = linking
