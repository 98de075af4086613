"""What every request passes: ids, limits, headers, log lines."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from mdreader.http.limits import IMPORT, SMALL, body_limit
from mdreader.main import create_app
from mdreader.settings import Settings, load_settings
from support.http import connect


@pytest.fixture
async def broken(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client on an application with a route that fails."""

    async def fail() -> None:
        raise RuntimeError("token=sekret in a message of ours")

    app.router.add_api_route("/api/fail", fail)
    app.router.routes.insert(0, app.router.routes.pop())
    async with connect(app) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nothing", "/assets/nothing.js", "/api/me", "/metrics"])
async def test_security_headers_on_every_answer(path: str, client: httpx.AsyncClient) -> None:
    headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "object-src 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "x-request-id" in headers


async def test_security_headers_on_a_crash_and_no_secret_in_it(broken: httpx.AsyncClient) -> None:
    response = await broken.get("/api/fail")
    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "sekret" not in response.text
    assert "content-security-policy" in response.headers


async def test_answers_of_the_api_are_not_kept(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/health")).headers["cache-control"] == "no-store"


async def test_a_body_that_is_not_json_is_called_that(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    problem = (await client.post("/api/auth/login", content='{"email": oops}', headers=headers)).json()
    assert (problem["status"], problem["code"]) == (422, "invalid_input")
    assert problem["detail"] == "The body is not JSON: see character 10."


async def test_a_sane_request_id_is_kept_and_another_replaced(client: httpx.AsyncClient) -> None:
    kept = await client.get("/api/health", headers={"X-Request-ID": "trace-0123456789"})
    assert kept.headers["x-request-id"] == "trace-0123456789"
    for bad in ("short", "x" * 65, 'quote"and{brace}', "semi;colon-0123"):
        replaced = await client.get("/api/health", headers={"X-Request-ID": bad})
        assert replaced.headers["x-request-id"] != bad
        assert len(replaced.headers["x-request-id"]) == 36


async def test_one_log_line_a_request_without_its_query(client: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await client.get("/api/me?token=sekret", headers={"Authorization": "Bearer sekret"})
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/me", 401)
    assert line["address"] == "127.0.0.1"
    assert "sekret" not in str(lines)


async def test_the_size_limit_goes_by_the_declared_length(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/auth/login", content=b"x" * (SMALL + 1))
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


async def test_the_size_limit_holds_for_a_body_that_declares_none(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 100_000
            yield b"x" * 100_000

    headers = {"Content-Type": "application/json"}
    response = await client.post("/api/auth/login", content=endless(), headers=headers)
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"
    assert sent <= SMALL + 200_000


async def test_documents_and_imports_may_be_larger(app: FastAPI) -> None:
    policy = app.state.runtime.policy
    document = 3 * policy.max_document_bytes
    assert body_limit("/api/workspaces/1/documents", policy) > document
    assert body_limit("/api/documents/1/content", policy) > document
    assert body_limit("/api/workspaces/1/import", policy) == IMPORT
    assert body_limit("/api/documents/1/content/../../auth/login", policy) == SMALL


async def test_the_route_and_not_the_address_is_counted(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.get(f"/api/documents/made-up-{number}")
    text = (await client.get("/metrics")).text
    assert 'route="/api/documents/{document_id}"' in text
    assert "made-up" not in text


@pytest.fixture
def behind_https(settings: Settings) -> Settings:
    return load_settings(**settings.model_dump() | {"public_url": "https://notes.example.com"})


async def test_https_is_promised_only_where_it_is_served(client: httpx.AsyncClient, behind_https: Settings) -> None:
    assert "strict-transport-security" not in (await client.get("/api/health")).headers
    app = create_app(behind_https)
    async with app.router.lifespan_context(app), connect(app) as secure:
        assert "max-age" in (await secure.get("/api/health")).headers["strict-transport-security"]
