"""Where the certificates of SNS come from: over TLS, from whom this machine trusts."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mdreader.adapters import sns_signature
from mdreader.adapters.sns_signature import fetch_certificate
from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.tls import system_tls
from support.certificates import certificate, server_tls


@asynccontextmanager
async def publisher(status: str) -> AsyncIterator[str]:
    """An address on this machine that answers everybody alike, over TLS."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            f"HTTP/1.1 {status}\r\nLocation: /there\r\nContent-Length: 3\r\nConnection: close\r\n\r\npem".encode()
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_tls())
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/SimpleNotificationService-1.pem"


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=certificate()[0].decode())


async def test_it_comes_over_tls_from_whom_one_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sns_signature, "system_tls", trusting)
    async with publisher("200 OK") as url:
        assert await fetch_certificate(url) == b"pem"


async def test_nobody_else_is_believed() -> None:
    async with publisher("200 OK") as url:
        with pytest.raises(UnavailableError, match="cannot be had"):
            await fetch_certificate(url)


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Internal Server Error"])
async def test_another_answer_is_none(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sns_signature, "system_tls", trusting)
    async with publisher(status) as url:
        with pytest.raises(UnavailableError, match="cannot be had"):
            await fetch_certificate(url)


async def test_whom_to_trust_is_read_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the authorities of the system takes 30 ms, in which nobody else is served."""
    system_tls()
    made: list[object] = []
    monkeypatch.setattr(ssl, "create_default_context", lambda *_args, **_options: made.append(1))
    with pytest.raises(UnavailableError):
        await fetch_certificate("https://127.0.0.1:9/SimpleNotificationService-1.pem")
    assert made == []
