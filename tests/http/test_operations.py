"""Health, readiness and metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader import __version__
from mdreader.http import operations
from mdreader.kernel.errors import UnavailableError
from mdreader.settings import Settings
from support.http import connect


async def test_health_says_alive_and_the_version(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/health")
    assert response.status_code == 200
    assert response.json() == {"status": "alive", "version": __version__}


async def test_ready_when_the_database_answers_and_is_current(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "checks": {"database": "ok", "migrations": "ok"}}


async def test_not_ready_on_another_schema(client: httpx.AsyncClient, app: FastAPI) -> None:
    async with app.state.runtime.database.write() as tx:
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    response = await client.get("/api/ready")
    assert response.status_code == 503
    body = response.json()
    assert body["code"] == "not_ready"
    assert body["checks"]["database"] == "ok"
    assert body["checks"]["migrations"].startswith("at 0000")


class Away:
    """A database that refuses, or that does not answer at all."""

    dialect = "postgresql"

    def __init__(self, *, answers: bool) -> None:
        self._answers = answers

    @asynccontextmanager
    async def read(self) -> AsyncIterator[None]:
        if self._answers:
            raise UnavailableError("the database is away")
        await asyncio.Event().wait()
        yield


@pytest.mark.parametrize(("answers", "said"), [(True, "failed: UnavailableError"), (False, "no answer within 0.05 s")])
async def test_not_ready_without_the_database_and_alive_all_the_same(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, *, answers: bool, said: str
) -> None:
    monkeypatch.setattr(operations, "READY_SECONDS", 0.05)
    whole = app.state.runtime
    app.state.runtime = replace(whole, database=Away(answers=answers))
    try:
        async with connect(app) as client:
            ready, health = await client.get("/api/ready"), await client.get("/api/health")
            assert "mdreader_jobs_waiting NaN" in (await client.get("/metrics")).text
    finally:
        app.state.runtime = whole
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, said)
    assert health.status_code == 200


class TestMetricsToken:
    TOKEN = "a-token-of-the-operators"

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"metrics_token": self.TOKEN})

    async def test_it_lets_others_read_them(self, app: FastAPI) -> None:
        async with connect(app, address="203.0.113.9") as elsewhere:

            async def status(authorization: str, **headers: str) -> int:
                return (
                    await elsewhere.get("/metrics", headers={"Authorization": authorization, **headers})
                ).status_code

            assert await status(f"Bearer {self.TOKEN}") == 200
            assert await status(f"Bearer {self.TOKEN}", **{"X-Forwarded-For": "198.51.100.1"}) == 200
            wrong = (
                f"Bearer {self.TOKEN}x",
                f"Bearer {self.TOKEN[:-1]}",
                "Bearer ",
                "Bearer None",
                f"Basic {self.TOKEN}",
            )
            assert [await status(authorization) for authorization in wrong] == [403] * 5


async def test_without_a_token_none_is_right(app: FastAPI) -> None:
    async with connect(app, address="203.0.113.9") as elsewhere:
        for authorization in ("", "Bearer ", "Bearer None"):
            assert (await elsewhere.get("/metrics", headers={"Authorization": authorization})).status_code == 403


async def test_metrics_for_this_machine_alone(app: FastAPI) -> None:
    async with connect(app) as here, connect(app, address="203.0.113.9") as elsewhere:
        assert "mdreader_http_requests_total" in (await here.get("/metrics")).text
        refused = await elsewhere.get("/metrics")
        proxied = await here.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert refused.status_code == 403
    assert refused.json()["code"] == "metrics_forbidden"
    assert proxied.status_code == 403
