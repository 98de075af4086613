"""How a command reaches a server: a remote one with an API key, the one that runs on the data folder, or one inside this process.

The command speaks the same HTTP API to all three. On the data folder nobody logs in: who can read the secret in it may act as any
user, and signs a token for that.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from mdreader.bootstrap.database import database_file, hold_storage, on_postgres, open_database, signing_secret
from mdreader.cli.trouble import explain
from mdreader.features.accounts.people import PEOPLE, find_by_email
from mdreader.features.accounts.schemas import normalise_email
from mdreader.features.accounts.tokens import mint_operator_token
from mdreader.features.workspaces.lookup import find_owned
from mdreader.kernel.data_folder import DataFolderInUseError, ServerInfo, retract, running_server
from mdreader.kernel.logs import configure_logs
from mdreader.main import create_app
from mdreader.settings import Settings, load_settings

_TIMEOUT: Final = httpx.Timeout(15, read=120, write=120)
# A server has the data folder before it can be reached, and a moment longer than that.
_SETTLE_SECONDS: Final = 10.0
# Well before it expires.
_TOKEN_SECONDS: Final = 60.0
_LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}


class ReachError(Exception):
    """No server can be reached, or it is not clear as whom; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which server. With neither `server` nor `api_key` it is the one of the data folder; only there is an `owner` of use."""

    server: str | None
    api_key: str | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class _Whose:
    """As whom to act on the data folder: `owner`'s address, else as whoever owns the workspace, else as the only account."""

    owner: str | None
    workspace: str
    made_if_missing: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """A server that can be talked to. `where` says in words which; `warning` what is unwise about it."""

    client: httpx.AsyncClient
    where: str
    warning: str = ""


@contextlib.asynccontextmanager
async def reach(target: Target, workspace: str, *, made_if_missing: bool) -> AsyncIterator[Reached]:
    """A client with credentials; `workspace` (a name or an id) may tell as whom to act. Raises `ReachError`."""
    async with contextlib.AsyncExitStack() as stack:
        if target.server or target.api_key:
            yield await stack.enter_async_context(_remote(target))
        else:
            whose = _Whose(target.owner, workspace, made_if_missing)
            try:
                reached = await _local(stack, whose)
            except ReachError:
                raise
            except Exception as error:
                if (reason := explain(error)) is None:
                    raise
                raise ReachError(reason) from error
            yield reached


@contextlib.asynccontextmanager
async def _remote(target: Target) -> AsyncIterator[Reached]:
    if not target.server or not target.api_key:
        raise ReachError(
            "A remote server takes both: --server URL and --api-key KEY (or MDREADER_SERVER and MDREADER_API_KEY)."
        )
    if target.owner:
        raise ReachError(
            "--owner is for the data folder on this machine; on a remote server you are whose API key it is."
        )
    url = urlsplit(target.server)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ReachError(f"{target.server} is no address of a server. Give one such as https://notes.example.org")
    api_key = target.api_key.strip()
    if not api_key.isascii() or not api_key.isprintable():
        raise ReachError(
            "The API key has characters that no key has. Copy it again, beginning with mdr_, or make a new one."
        )
    warning = ""
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        warning = "The API key goes over the network unencrypted: the address begins with http, not https."
    headers = {"Authorization": f"Bearer {api_key}"}
    base = target.server.rstrip("/")
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=_TIMEOUT) as client:
        yield Reached(client, f"at {base}", warning)


async def _local(stack: contextlib.AsyncExitStack, whose: _Whose) -> Reached:
    settings = load_settings()
    if not on_postgres(settings) and not database_file(settings).exists():
        raise ReachError(
            f"There is nothing in the data folder {settings.data.resolve()} yet. Start the server and sign up first, "
            "or set MDREADER_DATA to the folder that has your workspaces."
        )
    until = time.monotonic() + _SETTLE_SECONDS
    while True:
        try:
            if server := running_server(settings.data):
                return await stack.enter_async_context(_through(server, settings, whose))
            stack.enter_context(hold_storage(settings))
            retract(settings.data)  # what a killed server left would send others to an address where nobody is
            return await stack.enter_async_context(_inside(settings, whose))
        except (DataFolderInUseError, httpx.ConnectError) as error:
            # Somebody is starting or stopping, or another command is at work.
            if time.monotonic() > until:
                raise ReachError(f"{error} Wait until it has ended, and try again.") from None
            await asyncio.sleep(0.2)
        except httpx.HTTPError as error:
            raise ReachError(f"The server that runs on {settings.data.resolve()} does not answer: {error}") from error


@contextlib.asynccontextmanager
async def _through(server: ServerInfo, settings: Settings, whose: _Whose) -> AsyncIterator[Reached]:
    """Through the server that runs on the data folder."""
    async with open_database(settings, migrate=False) as database:
        async with database.read() as conn:
            user_id = await _whom(conn, whose)
        auth = _Operator(await signing_secret(settings, database), user_id)
    # No proxy from the environment: the operator's token is taken from this machine alone.
    async with httpx.AsyncClient(base_url=server.url, auth=auth, timeout=_TIMEOUT, trust_env=False) as client:
        if (await client.get("/api/me")).status_code == httpx.codes.UNAUTHORIZED:
            raise ReachError(
                f"The server listens on {server.url} alone, and takes commands without a key on 127.0.0.1 only. "
                f"Make an API key in its settings: --server {server.url} --api-key KEY"
            )
        yield Reached(client, f"through the server at {server.url}")


@contextlib.asynccontextmanager
async def _inside(settings: Settings, whose: _Whose) -> AsyncIterator[Reached]:
    """In this process: no server runs, and none can start meanwhile."""
    configure_logs("warning", settings.log_format)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        async with app.state.runtime.database.read() as conn:
            user_id = await _whom(conn, whose)
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 0))
        auth = _Operator(app.state.runtime.secret, user_id)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", auth=auth) as client:
            yield Reached(client, f"in the data folder {settings.data.resolve()}")


async def _whom(conn: AsyncConnection, whose: _Whose) -> str:
    """The user to act as."""
    if (owner := whose.owner) is not None:
        person = await find_by_email(conn, normalise_email(owner))
        if person is None:
            raise ReachError(f"Nobody has an account with the address {owner} here. Sign up with it first.")
        return person.id
    people = (await conn.execute(select(PEOPLE.c.id).limit(2))).scalars().all()
    if not people:
        raise ReachError("Nobody has an account here yet. Start the server and sign up first: mdreader serve")
    if len(people) == 1:
        return str(people[0])
    workspace = whose.workspace
    owned = await find_owned(conn, workspace)
    if not owned and whose.made_if_missing:
        raise ReachError(f"Several people have an account here. Say who owns the workspace {workspace}: --owner EMAIL")
    if not owned:
        raise ReachError(
            f"There is no workspace {workspace} here, whoever owns it. --owner EMAIL names those of a person."
        )
    if len(owned) > 1:
        ids = ", ".join(one.workspace_id for one in owned)
        raise ReachError(f"Several workspaces are called {workspace}. Give the id of one ({ids}), or --owner EMAIL.")
    return owned[0].user_id


class _Operator(httpx.Auth):
    """Signs tokens as they are needed: one lasts minutes, an import may last longer."""

    def __init__(self, secret: bytes, user_id: str) -> None:
        self._secret = secret
        self._user_id = user_id
        self._token = ""
        self._made = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        now = time.monotonic()
        if not self._token or now - self._made > _TOKEN_SECONDS:
            self._token = mint_operator_token(self._secret, self._user_id, time.time_ns() // 1_000_000)
            self._made = now
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
