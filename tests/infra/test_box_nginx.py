"""The box's nginx, a real one, in front of a real server: sockets, uploads, limits, and what never gets through."""

import contextlib
import json
import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pycrdt import Doc
from websockets.asyncio.client import connect

from support.http import Person, signed_up_at
from support.nginx import NAME, Nginx, trusting
from support.ports import free_port
from support.server import Server
from support.waiting import eventually
from support.yclient import YClient


class Box:
    def __init__(self, nginx: Nginx, server: Server, owner: Person, workspace: str, document: str) -> None:
        self.nginx, self.server, self.owner, self.workspace, self.document = nginx, server, owner, workspace, document

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.nginx.url, verify=trusting(), headers=self.owner.headers, timeout=60)

    def socket(self) -> connect:
        url = f"wss://{NAME}:{self.nginx.port}/api/collab/{self.document}?token={self.owner.access_token}"
        return connect(url, ssl=trusting(), compression=None, proxy=None, ping_interval=None, max_size=None)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("box")
    data = folder / "data"
    data.mkdir()
    (data / empty_database.name).write_bytes(empty_database.read_bytes())
    port = free_port()
    server = Server(data, PUBLIC_URL=f"https://{NAME}:{port}", MDREADER_TRUSTED_PROXIES="127.0.0.1").start()
    nginx = Nginx(folder / "nginx", server.url.removeprefix("http://"), port)
    try:
        nginx.start()
        owner = signed_up_at(server.url)
        with server.client() as client:
            client.headers.update(owner.headers)
            workspace = client.post("/api/workspaces", json={"name": "Team"}).json()["id"]
            made = client.post(f"/api/workspaces/{workspace}/documents", json={"path": "a.md", "content": "start\n"})
        yield Box(nginx, server, owner, workspace, made.json()["id"])
    finally:
        nginx.stop()
        server.stop()


@pytest.fixture
def fresh(box: Box) -> Iterator[Box]:
    """A box whose limits nobody has used up."""
    folder = box.nginx.folder.with_name(f"nginx-{free_port()}")
    nginx = Nginx(folder, box.server.url.removeprefix("http://"))
    try:
        yield Box(nginx.start(), box.server, box.owner, box.workspace, box.document)
    finally:
        nginx.stop()


def raw(port: int, lines: str, *, tls: bool = True) -> bytes:
    """What comes back for a request as it stands."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        stream = trusting().wrap_socket(plain, server_hostname=NAME) if tls else plain
        with stream:
            stream.sendall(lines.replace("\n", "\r\n").encode())
            data = b""
            with contextlib.suppress(ConnectionResetError):  # it hung up without a word
                while chunk := stream.recv(65536):
                    data += chunk
            return data


async def test_two_people_write_through_it(box: Box) -> None:
    async with box.socket() as first, box.socket() as second:
        one, two = YClient(first, Doc()), YClient(second, Doc())
        for client in (one, two):
            await client.start_sync()
            await client.synced()
        await one.insert(0, "through nginx, ")
        await one.saved()
        await two.wait_for_text(lambda text: text.startswith("through nginx, "))
        await one.close()
        await two.close()


async def test_socket_of_a_foreign_page_is_refused_by_the_server(box: Box) -> None:
    url = f"wss://{NAME}:{box.nginx.port}/api/collab/{box.document}?token={box.owner.access_token}"
    with pytest.raises(Exception, match="403"):
        async with connect(url, ssl=trusting(), origin="https://evil.example", proxy=None):  # type: ignore[arg-type]
            pass


async def test_page_and_api_are_the_servers(box: Box) -> None:
    async with box.client() as client:
        ready = await client.get("/api/ready")
        page = await client.get("/", headers={"Accept": "text/html"})
    assert ready.json()["status"] == "ready"
    assert page.status_code in {200, 503}  # 503 where the page is not built
    assert "strict-transport-security" in page.headers
    assert "nginx/" not in page.headers.get("server", "")


async def test_the_server_sees_who_asks_and_not_what_they_claim(box: Box) -> None:
    async with box.client() as client:
        headers = {"X-Forwarded-For": "198.51.100.7", "X-Request-ID": "claimed-by-the-client"}
        answer = await client.get("/api/workspaces", headers=headers)
    request_id = answer.headers["x-request-id"]
    assert request_id != headers["X-Request-ID"]

    def line() -> dict[str, Any] | None:
        lines = (json.loads(line) for line in box.server.log if line.startswith("{"))
        return next((line for line in lines if line.get("request_id") == request_id), None)

    await eventually(lambda: line() is not None, "line of that request")
    found = line()
    assert found is not None
    assert found["address"] == "127.0.0.1"


async def test_plain_http_leads_to_tls_but_for_the_certificates_proof(box: Box) -> None:
    proof = box.nginx.folder / "acme" / ".well-known" / "acme-challenge" / "token"
    proof.write_text("proof")
    async with httpx.AsyncClient(base_url=box.nginx.plain_url, timeout=60) as client:
        moved = await client.get("/w/x?y=1")
        proved = await client.get("/.well-known/acme-challenge/token")
    assert (moved.status_code, moved.headers["location"]) == (308, f"https://{NAME}/w/x?y=1")
    assert proved.text == "proof"


def test_other_names_get_nothing(box: Box) -> None:
    assert raw(box.nginx.plain_port, "GET / HTTP/1.1\nHost: 192.0.2.1\n\n", tls=False) == b""
    context = trusting()
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", box.nginx.port), timeout=60) as plain,
        pytest.raises(ssl.SSLError, match=r"(?i)unrecognized"),
    ):
        context.wrap_socket(plain, server_hostname="other.example")


def test_old_tls_is_refused(box: Box) -> None:
    context = trusting()
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", box.nginx.port), timeout=60) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname=NAME)


@pytest.mark.parametrize(
    "path",
    ["/.env", "/.git/config", "/a/.htpasswd", "/wp-login.php", "/WP-admin/x", "/index.php", "/backup.sql", "/metrics"],
)
async def test_what_scanners_ask_for_does_not_reach_the_server(box: Box, path: str) -> None:
    async with box.client() as client:
        answer = await client.get(path, headers={"Accept": "text/html"})
        through = await client.get("/api/health")
    assert answer.status_code == 404
    assert "x-request-id" not in answer.headers
    assert "x-request-id" in through.headers


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "CONNECT", "FOO"])
def test_other_methods_are_refused(box: Box, method: str) -> None:
    answer = raw(box.nginx.port, f"{method} / HTTP/1.1\nHost: {NAME}\nConnection: close\n\n")
    assert answer.split()[1] in {b"405", b"400"}


@pytest.mark.parametrize(
    ("path", "size", "refused"),
    [
        ("/api/workspaces/{workspace}/documents", 4_000_000, False),
        ("/api/workspaces/{workspace}/documents", 27_500_000, True),
        ("/api/auth/login", 1_100_000, True),
        ("/elsewhere", 1_100_000, True),
    ],
)
async def test_bodies_have_bounds(fresh: Box, path: str, size: int, refused: bool) -> None:
    async with fresh.client() as client:
        try:
            body = {"path": f"{size}.md", "content": "x" * size}
            answer = await client.post(path.format(workspace=fresh.workspace), json=body)
        except (httpx.WriteError, httpx.ReadError):  # it hung up while we still wrote
            assert refused
            return
    if refused:
        assert answer.status_code == 413
        assert "x-request-id" not in answer.headers, "the server was asked"
    else:
        assert answer.status_code == 201


async def test_sign_in_is_slowed_down_by_address_and_the_rest_goes_on(fresh: Box) -> None:
    one = f"POST /api/auth/refresh HTTP/1.1\nHost: {NAME}\nContent-Length: 0\n"
    answers = raw(fresh.nginx.port, (one + "\n") * 199 + one + "Connection: close\n\n")
    heads = [part.partition(b"\r\n\r\n")[0].lower() for part in answers.split(b"HTTP/1.1 ")[1:]]
    limited = [head for head in heads if head.startswith(b"429") and b"x-request-id" not in head]
    assert limited  # one and the burst of 30 pass, and 3 a second meanwhile
    assert all(b"retry-after: 1" in head for head in limited)
    async with fresh.client() as client:
        assert (await client.get("/api/workspaces")).status_code == 200


def test_logs_hold_no_tokens(box: Box) -> None:
    answer = raw(box.nginx.port, f"GET /api/health?token=sesame HTTP/1.1\nHost: {NAME}\nConnection: close\n\n")
    assert b"200 OK" in answer
    lines = [json.loads(line) for line in box.nginx.requests]
    assert any(line["path"] == "/api/health" and line["status"] == 200 for line in lines)
    assert not any("sesame" in line or box.owner.access_token in line for line in box.nginx.requests)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Nginx]:
    """An nginx whose server is away."""
    nginx = Nginx(tmp_path / "nginx", f"127.0.0.1:{free_port()}")
    try:
        yield nginx.start()
    finally:
        nginx.stop()


async def test_a_server_that_is_away_is_a_502_and_not_a_wait(alone: Nginx) -> None:
    async with httpx.AsyncClient(base_url=alone.url, verify=trusting(), timeout=60) as client:
        assert (await client.get("/api/ready")).status_code == 502


# As many as a connection may carry: 50 a second pass, so that of 400 none was too many for a machine that took four seconds.
REQUESTS = 1000


@pytest.mark.parametrize(
    ("path", "burst"),
    [("/api/x", 200), ("/x", 200), ("/api/blobs/x", 200), ("/api/collab/x", 200), ("/api/auth/x", 30)],
)
def test_a_flood_is_cut_before_it_reaches_the_server(alone: Nginx, path: str, burst: int) -> None:
    one = f"GET {path} HTTP/1.1\nHost: {NAME}\n"
    answers = raw(alone.port, (one + "\n") * (REQUESTS - 1) + one + "Connection: close\n\n")
    codes = Counter(line.split()[1] for line in answers.splitlines() if line.startswith(b"HTTP/1.1"))
    assert codes.keys() == {b"429", b"502"}
    assert codes[b"502"] >= burst + 1
