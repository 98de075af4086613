"""A Cognito user pool: sign-up, log-in, second factor and recovery by its API."""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from mdreader.adapters.aws import AwsError, code_of
from mdreader.adapters.cognito_tokens import CognitoTokens, profile_of
from mdreader.kernel.clock import Clock
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.directory import CodeNeeded, DirectoryRefusedError, Profile, Reason, SignedIn, Standing

_REASONS: Final[Mapping[str, Reason]] = {
    "NotAuthorizedException": "credentials",
    "UserNotFoundException": "credentials",
    "UserNotConfirmedException": "unconfirmed",
    "PasswordResetRequiredException": "reset_required",
    "UsernameExistsException": "taken",
    "AliasExistsException": "taken",
    "InvalidPasswordException": "weak_password",
    "PasswordHistoryPolicyViolationException": "weak_password",
    "CodeMismatchException": "code",
    "EnableSoftwareTokenMFAException": "code",
    "ExpiredCodeException": "code_expired",
    "LimitExceededException": "too_many",
    "TooManyFailedAttemptsException": "too_many",
    "TooManyRequestsException": "too_many",
}
# What was typed does not even have the shape that the pool takes: the same as if it were wrong.
_MALFORMED: Final[Mapping[str, Reason]] = {
    "sign_up": "weak_password",
    "admin_set_user_password": "weak_password",
    "confirm_sign_up": "code",
    "respond_to_auth_challenge": "code",
    "confirm_forgot_password": "code",
    "verify_software_token": "code",
    "change_password": "weak_password",
}


class CognitoPool:
    """One app client of one pool. The client must allow USER_PASSWORD_AUTH and REFRESH_TOKEN_AUTH."""

    def __init__(
        self,
        client: Any,
        *,
        pool_id: str,
        client_id: str,
        client_secret: Callable[[], str | None],
        tokens: CognitoTokens,
        clock: Clock,
    ) -> None:
        self._client = client
        self._pool_id = pool_id
        self._client_id = client_id
        self._client_secret = client_secret
        self._tokens = tokens
        self._clock = clock

    async def sign_up(self, email: str, password: str, name: str) -> str:
        """See `ports.directory.PasswordDirectory`."""
        attributes = [{"Name": "email", "Value": email}, {"Name": "name", "Value": name}]
        try:
            answer = await self._call("sign_up", **self._of(email), Password=password, UserAttributes=attributes)
            return str(answer["UserSub"])
        except DirectoryRefusedError as error:
            # A pool that lets only administrators make accounts refuses with the name it has for wrong passwords.
            raise DirectoryRefusedError("closed", str(error)) if error.reason == "credentials" else error from error

    async def confirm(self, subject: str, code: str) -> None:
        """See `ports.directory.PasswordDirectory`."""
        try:
            await self._call("confirm_sign_up", **self._of(subject), ConfirmationCode=code)
        except DirectoryRefusedError as error:
            # Confirmed already, or nobody: a code cannot be right for them.
            raise DirectoryRefusedError("code", str(error)) if error.reason == "credentials" else error from error

    async def resend(self, subject: str) -> None:
        """See `ports.directory.PasswordDirectory`."""
        await self._call("resend_confirmation_code", **self._of(subject))

    async def take_over(self, email: str, password: str, name: str | None) -> None:
        """See `ports.directory.PasswordDirectory`."""
        if not (await self.standing(email)).waits:
            raise DirectoryRefusedError("taken")
        account = {"UserPoolId": self._pool_id, "Username": email}
        attributes = {"email": email, "email_verified": "true"} | ({} if name is None else {"name": name})
        listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
        await self._call("admin_update_user_attributes", **account, UserAttributes=listed)
        # At last: a permanent password confirms the account in the same call, so that the one from before never opens it.
        await self._call("admin_set_user_password", **account, Password=password, Permanent=True)

    async def log_in(self, email: str, password: str) -> SignedIn | CodeNeeded:
        """See `ports.directory.PasswordDirectory`."""
        parameters = {"USERNAME": email, "PASSWORD": password, **self._hash("SECRET_HASH", email)}
        try:
            answer = await self._call(
                "initiate_auth", ClientId=self._client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
            )
        except DirectoryRefusedError as error:
            raise (
                DirectoryRefusedError("credentials", str(error)) if error.reason == "weak_password" else error
            ) from error
        return await self._outcome(answer)

    async def answer(self, state: str, code: str) -> SignedIn:
        """See `ports.directory.PasswordDirectory`."""
        step = json.loads(state)
        username = step["username"]
        responses = {"USERNAME": username, "SOFTWARE_TOKEN_MFA_CODE": code, **self._hash("SECRET_HASH", username)}
        try:
            answer = await self._call(
                "respond_to_auth_challenge",
                ClientId=self._client_id,
                ChallengeName="SOFTWARE_TOKEN_MFA",
                Session=step["session"],
                ChallengeResponses=responses,
            )
        except DirectoryRefusedError as error:
            # Here the password was right: what is over is the time that the pool gives for the code.
            raise DirectoryRefusedError("session", str(error)) if error.reason == "credentials" else error from error
        outcome = await self._outcome(answer)
        if isinstance(outcome, CodeNeeded):
            raise DirectoryRefusedError("session", "The pool asks for one more step.")
        return outcome

    async def forgot(self, email: str) -> None:
        """See `ports.directory.PasswordRecovery`."""
        try:
            await self._call("forgot_password", **self._of(email))
        except DirectoryRefusedError as error:
            if error.reason == "too_many":
                raise
            # Unknown, disabled, or without an address that was confirmed: the answer is the same for all.

    async def reset(self, email: str, code: str, password: str) -> str:
        """See `ports.directory.PasswordRecovery`."""
        account = await self._account(email)  # before: what comes of the new password must not fail after it is set
        try:
            await self._call("confirm_forgot_password", **self._of(email), ConfirmationCode=code, Password=password)
            if account is None:
                raise DirectoryRefusedError("code")
            return _attributes(account)["sub"]
        except DirectoryRefusedError as error:
            raise DirectoryRefusedError("code", str(error)) if error.reason == "credentials" else error from error

    async def change(self, access_token: str, old: str, new: str) -> None:
        """See `ports.directory.PasswordRecovery`."""
        await self._call("change_password", AccessToken=access_token, PreviousPassword=old, ProposedPassword=new)

    async def begin(self, access_token: str) -> str:
        """See `ports.directory.SecondFactor`."""
        return str((await self._call("associate_software_token", AccessToken=access_token))["SecretCode"])

    async def enable(self, access_token: str, code: str) -> None:
        """See `ports.directory.SecondFactor`."""
        # Registers the app that was begun last, in the place of the one before: no way to check the code of one that is set up.
        answer = await self._call("verify_software_token", AccessToken=access_token, UserCode=code)
        if answer.get("Status") != "SUCCESS":
            raise DirectoryRefusedError("code")
        await self._prefer(access_token, enabled=True)

    async def disable(self, access_token: str) -> None:
        """See `ports.directory.SecondFactor`."""
        await self._prefer(access_token, enabled=False)

    async def _prefer(self, access_token: str, *, enabled: bool) -> None:
        settings = {"Enabled": enabled, "PreferredMfa": enabled}
        await self._call("set_user_mfa_preference", AccessToken=access_token, SoftwareTokenMfaSettings=settings)

    async def refresh(self, refresh_token: str, subject: str) -> SignedIn:
        """See `ports.directory.DirectorySessions`."""
        parameters = {"REFRESH_TOKEN": refresh_token, **self._hash("SECRET_HASH", subject)}
        try:
            answer = await self._call(
                "initiate_auth", ClientId=self._client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters
            )
        except DirectoryRefusedError as error:
            raise DirectoryRefusedError("session", str(error)) if error.reason == "credentials" else error from error
        outcome = await self._outcome(answer)
        if isinstance(outcome, CodeNeeded) or outcome.profile.subject != subject:
            raise DirectoryRefusedError("session", "The refresh token is somebody else's.")
        return outcome

    async def profile(self, access_token: str) -> Profile:
        """See `ports.directory.DirectorySessions`."""
        answer = await self._call("get_user", AccessToken=access_token)
        return profile_of(_attributes(answer))

    async def standing(self, who: str) -> Standing:
        """See `ports.directory.DirectorySessions`."""
        answer = await self._account(who)
        if answer is None:
            return Standing(enabled=False, totp=False, known=False)
        profile, status = profile_of(_attributes(answer)), answer.get("UserStatus")
        return Standing(
            enabled=bool(answer["Enabled"]) and status not in {"ARCHIVED", "COMPROMISED"},
            totp=bool(answer.get("UserMFASettingList")),
            waits=status == "UNCONFIRMED",
            email=profile.email if profile.email_verified else None,
        )

    async def _account(self, who: str) -> Any:
        """All that the pool says of an account; None when there is none."""
        try:
            return await self._call("admin_get_user", UserPoolId=self._pool_id, Username=who)
        except DirectoryRefusedError as error:
            if error.reason == "credentials":
                return None
            raise

    async def end(self, refresh_token: str) -> None:
        """See `ports.directory.DirectorySessions`."""
        secret = self._client_secret()
        extra = {} if secret is None else {"ClientSecret": secret}
        await self._call("revoke_token", Token=refresh_token, ClientId=self._client_id, **extra)

    async def end_all(self, subject: str) -> None:
        """See `ports.directory.DirectorySessions`."""
        await self._call("admin_user_global_sign_out", UserPoolId=self._pool_id, Username=subject)

    async def _outcome(self, answer: Mapping[str, Any]) -> SignedIn | CodeNeeded:
        challenge = answer.get("ChallengeName")
        if challenge == "SOFTWARE_TOKEN_MFA":
            username = answer["ChallengeParameters"]["USER_ID_FOR_SRP"]
            return CodeNeeded(json.dumps({"session": answer["Session"], "username": username}))
        if challenge == "NEW_PASSWORD_REQUIRED":
            raise DirectoryRefusedError("reset_required", "An administrator made this account.")
        result = answer.get("AuthenticationResult")
        if challenge or not result:
            raise UnavailableError(f"The user pool asks for {challenge}, which mdreader does not know. Use TOTP.")
        claims = await self._tokens.verify(result["IdToken"], "id", self._clock.now())
        assert claims.profile is not None  # noqa: S101 - identity tokens have one
        return SignedIn(claims.profile, result["AccessToken"], result.get("RefreshToken"))

    def _of(self, username: str) -> dict[str, str]:
        """Who a call is about, and by which client."""
        return {"ClientId": self._client_id, "Username": username, **self._hash("SecretHash", username)}

    def _hash(self, name: str, username: str) -> dict[str, str]:
        """The proof that a client with a secret has to bring."""
        secret = self._client_secret()
        if secret is None:
            return {}
        digest = hmac.digest(secret.encode(), (username + self._client_id).encode(), "sha256")
        return {name: base64.b64encode(digest).decode()}

    async def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(getattr(self._client, operation), **arguments)
        except ClientError as error:
            code = code_of(error)
            malformed = _MALFORMED.get(operation, "credentials") if code == "InvalidParameterException" else None
            reason = _REASONS.get(code, malformed)
            if reason is None:
                raise UnavailableError(f"The user pool cannot do this now: {code}.") from error
            raise DirectoryRefusedError(reason, error.response["Error"].get("Message", "")) from error
        except ParamValidationError as error:
            raise DirectoryRefusedError(_MALFORMED.get(operation, "credentials"), str(error)) from error
        except AwsError as error:
            raise UnavailableError("The user pool does not answer. Try again in a moment.") from error


def _attributes(answer: Mapping[str, Any]) -> dict[str, str]:
    """What the pool says of a person, by name; `sub` is always there."""
    return {item["Name"]: item["Value"] for item in answer["UserAttributes"]}
