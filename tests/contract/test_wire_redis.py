"""The ways into a Redis: what an address may say, and what is told of one that does not open."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from mdreader.adapters import bus as bus_module
from mdreader.adapters.bus import Bus
from mdreader.adapters.redis_client import namespace, open_client
from mdreader.adapters.wire_redis import redis_dial
from support.certificates import certificate
from support.redis import RedisServer
from support.redis_cluster import RedisClusterServers
from support.waiting import eventually

PASSWORD = "se:cret/of one"
WORD = "se%3Acret%2Fof%20one"  # in an address
USER_PASSWORD = "another"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis with a password, a user who may only use channels, and a socket in the file system."""
    folder = tmp_path_factory.mktemp("guarded")
    socket = ("--unixsocket", str(folder / "redis.sock"))
    may = f"on >{USER_PASSWORD} resetchannels &mdreader:* -@all +@pubsub +ping +hello +client|setname"
    user = ("--user", "channels", *may.split())
    made = RedisServer(folder, "--requirepass", PASSWORD, *socket, *user).start()
    yield made
    made.kill()


@pytest.fixture
async def encrypted(guarded: RedisServer, tmp_path: Path) -> AsyncIterator[tuple[int, Path]]:
    """The port of a TLS end before it, and the certificate to trust."""
    trusted, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    for file, content in zip((trusted, key), certificate(), strict=True):
        file.write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, key)
    copying: set[asyncio.Task[None]] = set()

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
        except OSError:
            pass
        finally:
            target.transport.abort()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", guarded.port)
        copying.update(
            asyncio.get_running_loop().create_task(copy(*ends))
            for ends in ((reader, onward_writer), (onward_reader, writer))
        )

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1], trusted
    server.close()
    for task in copying:
        task.cancel()
    await asyncio.gather(*copying, return_exceptions=True)


@asynccontextmanager
async def bus_at(url: str) -> AsyncIterator[Bus]:
    client = open_client(url)
    try:
        async with Bus(redis_dial(client, namespace(url)), "redis").running() as bus:
            yield bus
    finally:
        await client.aclose()


async def refusal(url: str, monkeypatch: pytest.MonkeyPatch, prefix: str = "mdreader:3:") -> str:
    """What the log says of a bus that does not come up, which it is to say once and not at each try."""
    monkeypatch.setattr(bus_module, "FIRST_SECONDS", 0.01)
    client = open_client(url)
    with capture_logs() as logs:
        async with Bus(redis_dial(client, prefix), "redis").running() as bus:
            await eventually(lambda: bool(logs), "word of the refusal")
            assert not bus.is_up
    await client.aclose()
    assert [line["event"] for line in logs] == ["bus_down"]
    return str(logs[0]["error"])


async def carries_messages(url: str) -> None:
    heard: list[bytes] = []
    async with bus_at(url) as one, bus_at(url) as other:
        await one.subscribe("c", heard.append)
        assert one.is_up, url
        other.publish("c", b"\x00\r\n\xff")
        other.publish("c", b"")
        await eventually(lambda: heard == [b"\x00\r\n\xff", b""], "messages")


@pytest.mark.parametrize(
    "way", ["redis://:{word}@{here}/3", "redis://channels:another@{here}/3", "unix://:{word}@{socket}?db=3"]
)
async def test_every_way_in_carries_messages(way: str, guarded: RedisServer) -> None:
    await carries_messages(
        way.format(word=WORD, here=f"127.0.0.1:{guarded.port}", socket=guarded.folder / "redis.sock")
    )


async def test_members_of_a_cluster_pass_messages_on(redis_cluster: RedisClusterServers) -> None:
    heard: list[bytes] = []
    async with bus_at(redis_cluster.url(0)) as one, bus_at(redis_cluster.url(1)) as other:
        await one.subscribe("c", heard.append)
        other.publish("c", b"across")
        await eventually(lambda: heard == [b"across"], "a message from another member")


def test_the_loop_that_servers_run_on_carries_messages(guarded: RedisServer) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(carries_messages(f"redis://:{WORD}@127.0.0.1:{guarded.port}/3"))


async def test_tls_carries_messages(encrypted: tuple[int, Path]) -> None:
    port, trusted = encrypted
    await carries_messages(f"rediss://:{WORD}@localhost:{port}/3?ssl_ca_certs={trusted}")


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    encrypted: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in await refusal(f"rediss://:x@localhost:{encrypted[0]}/3", monkeypatch)


@pytest.mark.parametrize(("who", "says"), [(":wrong@", "WRONGPASS"), ("nobody:x@", "WRONGPASS"), ("", "NOAUTH")])
async def test_a_wrong_password_is_told_without_repeating_it(
    who: str, says: str, guarded: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await refusal(f"redis://{who}127.0.0.1:{guarded.port}/3", monkeypatch)
    assert says in told
    assert "wrong" not in told


async def test_a_channel_that_the_user_may_not_use_is_told(
    guarded: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"redis://channels:{USER_PASSWORD}@127.0.0.1:{guarded.port}/3"
    assert "NOPERM" in await refusal(url, monkeypatch, prefix="elsewhere:")


async def test_something_that_is_no_redis_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    assert "unreadable" in await refusal(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", monkeypatch)
    server.close()
    await server.wait_closed()
