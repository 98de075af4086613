"""The application: routes, errors, the page and the lifespan around a runtime."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from mdreader import __version__
from mdreader.bootstrap.runtime import ADAPTER_ROUTERS, build_runtime
from mdreader.bootstrap.telemetry import collecting, make_tracing
from mdreader.features.accounts import routes as accounts
from mdreader.features.accounts.outbox import routes as outbox
from mdreader.features.collab import routes as collab
from mdreader.features.documents import routes as documents
from mdreader.features.documents.elsewhere import answer_not_found
from mdreader.features.jobs import routes as jobs
from mdreader.features.mail import routes as mail
from mdreader.features.transfer import routes as transfer
from mdreader.features.workspaces import routes as workspaces
from mdreader.http import operations
from mdreader.http.errors import add_error_handlers
from mdreader.http.middleware import EdgeMiddleware
from mdreader.http.openapi import DescribedApi
from mdreader.http.page import Page
from mdreader.http.routes import add_routes
from mdreader.kernel.errors import NotFoundError
from mdreader.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application for `settings`; its runtime lives from startup to shutdown."""
    tracing = make_tracing(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with collecting(tracing), build_runtime(settings) as runtime:
            app.state.runtime = runtime
            yield {"runtime": runtime}  # live editing stands outside ASGI and finds it in the server's state

    app = DescribedApi(
        title="mdreader",
        version=__version__,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False} if tracing is None else tracing.telemetry,
    )
    add_error_handlers(app)
    if settings.cell is not None:
        app.add_exception_handler(NotFoundError, answer_not_found)
    app.add_middleware(EdgeMiddleware)
    # Routes are tried one after the other: those that are asked most come first.
    for routes in (documents, collab, workspaces, accounts, transfer, mail, outbox, jobs, operations):
        add_routes(app, routes.router)
    for router in ADAPTER_ROUTERS:
        add_routes(app, router)
    app.mount("/", Page())
    return app
