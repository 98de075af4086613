"""Health, readiness and metrics."""

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from mdreader import __version__
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


async def test_metrics_for_this_machine_alone(app: FastAPI) -> None:
    async with connect(app) as here, connect(app, address="203.0.113.9") as elsewhere:
        assert "mdreader_http_requests_total" in (await here.get("/metrics")).text
        refused = await elsewhere.get("/metrics")
        proxied = await here.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert refused.status_code == 403
    assert refused.json()["code"] == "metrics_forbidden"
    assert proxied.status_code == 403
