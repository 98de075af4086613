"""A server whose accounts are in a user pool of the test's own."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from mdreader.main import create_app
from mdreader.settings import Settings
from support.cognito import UserPool, local_pool
from support.http import connect


@pytest.fixture
def pool(cognito: str, aws_credentials: None) -> UserPool:
    """A pool with nobody in it."""
    return local_pool(cognito)


@pytest.fixture
def pool_settings(settings: Settings, pool: UserPool) -> Settings:
    """Settings that leave accounts to the pool."""
    return settings.model_copy(
        update={
            "identity": "cognito",
            "aws_endpoint_url": pool.endpoint,
            "cognito_user_pool_id": pool.pool_id,
            "cognito_client_id": pool.client_id,
            "cognito_issuer": pool.issuer,
        }
    )


@pytest.fixture
async def app(pool_settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started, with the pool."""
    made = create_app(pool_settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def page(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the page: cookies, and the CSRF value with each request."""

    async def prove(request: httpx.Request) -> None:
        if "mdreader_csrf" in made.cookies:
            request.headers["X-CSRF-Token"] = made.cookies["mdreader_csrf"]

    async with connect(app, event_hooks={"request": [prove]}) as made:
        yield made
