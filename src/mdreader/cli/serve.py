"""`mdreader serve`: one server on one data folder, from its socket to its orderly end."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from mdreader import __version__
from mdreader.bootstrap.database import hold_storage
from mdreader.bootstrap.extras import check_extras
from mdreader.cli.outcome import stop
from mdreader.cli.trouble import explain, where_to_look
from mdreader.features.accounts.tokens import warm_up
from mdreader.features.collab.mount import CollabProtocol, CollabServer
from mdreader.http.operations import leave
from mdreader.kernel import failpoints
from mdreader.kernel.data_folder import DataFolderInUseError, ServerInfo, announce, retract
from mdreader.kernel.logs import configure_logs
from mdreader.kernel.memory import settle
from mdreader.main import create_app
from mdreader.settings import Settings, SettingsError, load_settings

log = structlog.get_logger(__name__)

# For requests that are under way when live editing has ended, which takes at most six of the ten seconds.
STOP_SECONDS = 3
# For how long a thread that computes keeps the interpreter while the event loop wants it. Python's own 5 ms are waited for each time that
# the loop comes back from the kernel or the database: a large update, which is checked on a thread, made turns of 40 ms of that.
SWITCH_SECONDS = 0.0005
_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to


def run() -> int:
    """Serve until SIGINT or SIGTERM; the process's exit code."""
    try:
        settings = load_settings()
        check_extras(settings)
    except SettingsError as error:
        return stop("These settings cannot be used:", str(error))
    configure_logs(settings.log_level, settings.log_format)
    failpoints.arm(os.environ.get("MDREADER_FAILPOINTS", ""))
    try:
        with hold_storage(settings), _listen(settings) as listener:
            retract(settings.data)  # what a server that was killed left there would send commands to the wrong place
            _serve(settings, listener)
    except DataFolderInUseError as error:
        return stop(str(error), "Stop that one first, or give this one another folder: MDREADER_DATA=./other")
    except _ListenError as error:
        return stop(f"Cannot start: {error}", where_to_look(settings))
    except Exception as error:
        if (reason := explain(error)) is None:
            raise
        return stop(f"Cannot start: {reason}", where_to_look(settings))
    return 0


class _ListenError(Exception):
    """There is no listening at HOST and PORT; the message says what to do."""


@contextlib.contextmanager
def _listen(settings: Settings) -> Iterator[socket.socket]:
    """A bound socket, before anything else is built: a port that is taken should cost no wait."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            advice = f"Try another port: PORT={settings.port + 1}"
            if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
                advice = "HOST is one of this machine's own addresses, or 0.0.0.0 for all of them."
            raise _ListenError(f"{settings.host}:{settings.port}: {error.strerror}. {advice}") from None
        yield listener


def _serve(settings: Settings, listener: socket.socket) -> None:
    """Serve to the end. Raises what kept it from even beginning, when that is something to act on."""
    app = create_app(settings)
    reasons: list[Exception] = []
    whole = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, Any] | None]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                state = await stack.enter_async_context(whole(app))
            except Exception as error:
                if explain(error) is not None:
                    reasons.append(error)
                    # One line says it; uvicorn would print where in the code it was found.
                    logging.getLogger("uvicorn.error").addFilter(lambda record: record.levelno < logging.ERROR)
                raise
            yield state

    app.router.lifespan_context = lifespan  # type: ignore[assignment]
    config = uvicorn.Config(
        app,
        http=CollabProtocol,
        ws="none",  # every WebSocket is live editing's
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # http/client_address.py, which believes configured proxies only
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config, app, settings, listener)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            server.run(sockets=[listener])
        except SystemExit:  # the lifespan did not begin
            if not reasons:
                raise
            raise reasons[0] from None


class _Server(CollabServer):
    """Says where it is once it listens, and takes that back when it stops."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, settings: Settings, listener: socket.socket) -> None:
        super().__init__(config, lambda: getattr(app.state, "runtime", None))
        self._app = app
        self._settings = settings
        self._listener = listener

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle()
        sys.setswitchinterval(SWITCH_SECONDS)
        port = self._listener.getsockname()[1]
        host = self._settings.host
        local = "127.0.0.1" if host in _EVERYWHERE else host
        url = f"http://{f'[{local}]' if ':' in local else local}:{port}"
        announce(self._settings.data, ServerInfo(pid=os.getpid(), url=url, started=time.time_ns() // 1_000_000))
        log.info("listening", url=url, data=str(self._settings.data.resolve()), version=__version__)
        self._greet(url, port)
        self._warming_up = asyncio.get_running_loop().run_in_executor(None, warm_up)

    def _greet(self, url: str, port: int) -> None:
        public = self._settings.public_url or url
        lines = [f"\n  mdreader is at  {public}\n", "  Open it, sign up, and drop a folder of Markdown into the page."]
        if self._settings.host in _EVERYWHERE:
            lines.append(f"  Colleagues on this network: http://{_lan_address()}:{port}")
        else:
            lines.append("  To write with a colleague on this network, start it with HOST=0.0.0.0")
        lines.append(f"  Everything is kept in {self._settings.data.resolve()}. Ctrl-C stops the server.\n")
        print("\n".join(lines), flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        retract(self._settings.data)
        leave(self._app)
        if self._settings.stop_delay:
            log.info("leaving", seconds=self._settings.stop_delay)
            end = time.monotonic() + self._settings.stop_delay
            while time.monotonic() < end and not self.force_exit:  # noqa: ASYNC110 - uvicorn sets it at a second Ctrl-C
                await asyncio.sleep(0.1)
        await super().shutdown(sockets)
        log.info("stopped")

    def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002 - the signature of a signal handler
        # uvicorn would raise the signal again after an orderly stop, which makes a clean end look like a crash.
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def _lan_address() -> str:
    """The address that others on the network reach this machine by: the one a packet would leave from. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
