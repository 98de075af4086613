"""The application: routes, errors and lifespan around a runtime."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from mdreader import __version__
from mdreader.bootstrap import build_runtime
from mdreader.http.errors import add_error_handlers
from mdreader.runtime import Runtime
from mdreader.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application for `settings`; its runtime lives from startup to shutdown."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Runtime]]:
        async with build_runtime(settings) as runtime:
            app.state.runtime = runtime
            # Lifespan state too: the socket's protocol reads it from there.
            yield {"runtime": runtime}

    app = FastAPI(title="mdreader", version=__version__, lifespan=lifespan, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    add_error_handlers(app)
    return app
