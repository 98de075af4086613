"""How the built page is served."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from mdreader.http.errors import add_error_handlers
from mdreader.http.page import Page
from support.http import connect

HTML = {"Accept": "text/html,*/*"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page as the build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("plain()")
    (tmp_path / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (tmp_path / "assets" / "app-1a2b.js.gz").write_bytes(b"gzip")
    (tmp_path / ".stamp").write_text("secret of the build")
    return tmp_path


def client_of(folder: Path) -> httpx.AsyncClient:
    app = Starlette(routes=[Mount("/", Page(folder))])
    add_error_handlers(app)  # type: ignore[arg-type]
    return connect(app)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/", "/w/0190/d/0191", "/login", "/index.html", "/w/notes.md"])
async def test_addresses_of_the_page_get_the_page(path: str, folder: Path) -> None:
    async with client_of(folder) as client:
        response = await client.get(path, headers=HTML)
    assert response.status_code == 200
    assert "<title>page</title>" in response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
async def test_the_front_door_is_open_to_everybody(accept: str, folder: Path) -> None:
    async with client_of(folder) as client:
        response = await client.get("/", headers={"Accept": accept})
    assert response.status_code == 200
    assert "<title>page</title>" in response.text


async def test_hashed_files_are_kept_for_ever(folder: Path) -> None:
    async with client_of(folder) as client:
        response = await client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert response.text == "plain()"
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    ("accepted", "encoding", "size"), [("gzip, br", "br", 6), ("gzip", "gzip", 4), ("br;q=0.5", "br", 6)]
)
async def test_the_smallest_encoding_that_the_browser_takes(
    accepted: str, encoding: str, size: int, folder: Path
) -> None:
    async with (
        client_of(folder) as client,
        client.stream("HEAD", "/assets/app-1a2b.js", headers={"Accept-Encoding": accepted}) as response,
    ):
        assert response.headers["content-encoding"] == encoding
        assert response.headers["content-length"] == str(size)
        assert response.headers["vary"] == "Accept-Encoding"
        assert response.headers["content-type"].startswith("text/javascript")


async def test_a_known_etag_gets_304(folder: Path) -> None:
    async with client_of(folder) as client:
        etag = (await client.get("/", headers=HTML)).headers["etag"]
        response = await client.get("/", headers={**HTML, "If-None-Match": etag})
    assert response.status_code == 304
    assert response.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/assets/app-old.js",  # of an older page: must not be answered with HTML
        "/.stamp",
        "/robots.txt",
        "/api",
        "/api/nothing",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
    ],
)
async def test_what_is_not_there_is_an_error(path: str, folder: Path) -> None:
    async with client_of(folder) as client:
        response = await client.get(path, headers={"Accept": "*/*"})
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


async def test_other_methods_are_refused(folder: Path) -> None:
    async with client_of(folder) as client:
        response = await client.post("/", headers=HTML)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"


async def test_without_a_build_a_person_is_told_what_to_do(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        response = await client.get("/", headers=HTML)
    assert response.status_code == 503
    assert "make web" in response.text
