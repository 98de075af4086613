"""People who use a server whose accounts are in a user pool."""

import asyncio
from typing import Any, Final

import httpx
import jwt
import pyotp
from fastapi import FastAPI
from sqlalchemy import text

from support.cognito import PASSWORD, UserPool, cognito_key
from support.mailbox import mails_to

EMAIL: Final = "ada@example.org"
OTHER_PASSWORD: Final = "Another-horse-2"


async def post(client: httpx.AsyncClient, path: str, expected: int = 200, **body: Any) -> dict[str, Any]:
    """What is answered, which must have the status `expected`."""
    answer = await client.post(f"/api{path}", json=body)
    assert answer.status_code == expected, answer.text
    return dict(answer.json()) if answer.content else {}


async def delete(client: httpx.AsyncClient, path: str, expected: int = 204, **body: Any) -> dict[str, Any]:
    """As `post`."""
    answer = await client.request("DELETE", f"/api{path}", json=body)
    assert answer.status_code == expected, answer.text
    return dict(answer.json()) if answer.content else {}


async def log_in(
    client: httpx.AsyncClient, expected: int = 200, *, email: str = EMAIL, password: str = PASSWORD
) -> dict[str, Any]:
    """Log in as the page does."""
    return await post(client, "/auth/login?session=cookie", expected, email=email, password=password)


async def set_up_app(client: httpx.AsyncClient) -> pyotp.TOTP:
    """Set up an authenticator app for whoever is logged in; the app."""
    app = pyotp.TOTP((await post(client, "/me/totp"))["secret"])
    await post(client, "/me/totp/confirm", code=app.now())
    return app


async def settled_there(app: FastAPI) -> None:
    """Wait until the directory was told of everything that happened here."""
    waiting = text("SELECT count(*) FROM jobs WHERE kind LIKE 'accounts.%' AND finished_at IS NULL")
    async with asyncio.timeout(60):
        while True:
            async with app.state.runtime.database.read() as conn:
                if (await conn.execute(waiting)).scalar_one() == 0:
                    return
            await asyncio.sleep(0.02)


async def codes_in_mailbox(app: FastAPI, pool: UserPool, email: str = EMAIL) -> list[str]:
    """Every code that came to an address: from the pool, and from us."""
    await settled_there(app)
    ours = [mail.code for mail in await mails_to(app, email) if mail.template == "sign_in_code"]
    theirs = pool.newest_code(email)
    return [*([] if theirs is None else [theirs]), *ours]


def directory_login(pool: UserPool, email: str = EMAIL, password: str = PASSWORD) -> dict[str, str]:
    """Tokens that the pool gives to some other program of the same person."""
    answer = pool.client.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": password},
    )
    return dict(answer["AuthenticationResult"])


def signed_by_pool(token: str, **changed: Any) -> str:
    """A token of the pool's with other claims: as it would have made it at another time."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**claims, **changed}, cognito_key(), algorithm="RS256", headers={"kid": "CognitoLocal"})


def said_by(token: str) -> dict[str, Any]:
    """The claims of a token."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


async def linked_subjects(app: FastAPI, user_id: str) -> list[str]:
    """Whom of the pool a local account is linked to."""
    statement = text("SELECT subject FROM identities WHERE user_id = :id AND provider = 'directory' ORDER BY id")
    async with app.state.runtime.database.read() as conn:
        return list(await conn.scalars(statement, {"id": user_id}))
