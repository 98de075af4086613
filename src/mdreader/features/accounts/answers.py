"""How sessions and second steps go out: as tokens to a client of the API, as cookies to the page."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response

from mdreader.features.accounts.client import Client
from mdreader.features.accounts.cookies import came_by_https, clear_session_cookies, set_session_cookies
from mdreader.features.accounts.current import authenticate
from mdreader.features.accounts.identity import identity_of
from mdreader.features.accounts.public_address import public_address
from mdreader.features.accounts.schemas import CookieSessionOut, SecondStepOut, TokensOut, UserOut
from mdreader.features.accounts.signing_in import SECOND_STEP_SECONDS, Grant, SecondStep
from mdreader.features.accounts.tokens import ACCESS_SECONDS
from mdreader.http.client_address import request_address
from mdreader.http.dependencies import RuntimeDep
from mdreader.http.errors import problems
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import AppError
from mdreader.runtime import Runtime

SignIn = TokensOut | CookieSessionOut | SecondStepOut
SessionMode = Annotated[
    Literal["cookie"] | None, Query(description="`cookie` puts the tokens into HttpOnly cookies instead of the answer.")
]

LIMITED = problems({429: "Too many attempts; `Retry-After` says how many seconds to wait."})
KNOWN = problems({401: "No credentials that hold."})
BY_PERSON = KNOWN | problems({403: "`session_required`: an API key is not enough; or `csrf_failed`."})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request about a session, and how its tokens go out."""

    runtime: Runtime
    request: Request
    response: Response

    @property
    def client(self) -> Client:
        """Where the request comes from."""
        address = request_address(self.request, self.runtime.policy)
        base = public_address(self.request, self.runtime.policy)
        return Client(address, self.request.headers.get("user-agent", ""), base)

    @property
    def is_https(self) -> bool:
        """Whether cookies are `Secure`."""
        return came_by_https(self.request, self.runtime.policy)

    def sign_in(self, result: Grant | SecondStep, session: Literal["cookie"] | None) -> SignIn:
        """Answer a way of signing in."""
        if isinstance(result, SecondStep):
            self.response.headers["Cache-Control"] = "no-store"
            return SecondStepOut(mfa_token=result.token, methods=list(result.methods), expires_in=SECOND_STEP_SECONDS)
        return self.cookies(result) if session == "cookie" else self.tokens(result)

    def tokens(self, grant: Grant) -> TokensOut:
        """Answer with the tokens themselves, for an API client."""
        self.response.headers["Cache-Control"] = "no-store"
        return TokensOut(
            user=UserOut(id=grant.user_id, email=grant.email, name=grant.name),
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            expires_in=ACCESS_SECONDS,
        )

    def cookies(self, grant: Grant) -> CookieSessionOut:
        """Put the tokens into cookies, for the page."""
        self.response.headers["Cache-Control"] = "no-store"
        csrf_token = self.set_cookies(grant, self.response)
        user = UserOut(id=grant.user_id, email=grant.email, name=grant.name)
        return CookieSessionOut(user=user, csrf_token=csrf_token, expires_in=ACCESS_SECONDS)

    def set_cookies(self, grant: Grant, response: Response) -> str:
        """Put the tokens into cookies of `response`; the CSRF value."""
        csrf_token = identity_of(self.runtime).tokens.csrf(grant.session_id)
        set_session_cookies(
            response,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            csrf_token=csrf_token,
            secure=self.is_https,
        )
        return csrf_token

    def clear_cookies(self) -> None:
        """Take the session from the browser."""
        clear_session_cookies(self.response, secure=self.is_https)


async def _exchange(request: Request, response: Response, runtime: RuntimeDep) -> Exchange:
    return Exchange(runtime, request, response)


async def _maybe_session(request: Request) -> Actor | None:
    try:
        actor = await authenticate(request)
    except AppError:
        return None
    return actor if actor.session_id is not None else None


ExchangeDep = Annotated[Exchange, Depends(_exchange)]
# Whoever is signed in, for what can be done without as well.
MaybeSession = Annotated[Actor | None, Depends(_maybe_session)]
