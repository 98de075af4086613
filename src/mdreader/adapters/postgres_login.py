"""Connections to PostgreSQL with credentials that rotate: the newest ones each time, and newer ones when those are refused."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from sqlalchemy import make_url

Connect = Callable[..., Awaitable[Any]]


def connecting(newest: Callable[[], str | None], refresh: Callable[[], Awaitable[None]]) -> Connect:
    """`asyncpg.connect` whose `user` and `password` are those of the address `newest()`."""

    def login() -> dict[str, str | None]:
        url = make_url(newest() or "")
        return {"user": url.username, "password": url.password}

    async def connect(*arguments: Any, **options: Any) -> Any:
        tried = login()
        try:
            return await asyncpg.connect(*arguments, **(options | tried))
        except asyncpg.InvalidAuthorizationSpecificationError:  # a wrong password is one of its kinds
            await refresh()
            newer = login()
            if newer == tried:
                raise
            return await asyncpg.connect(*arguments, **(options | newer))

    return connect
