"""Texts: kept exactly, guarded by ETags, limited in bytes."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.main import create_app
from mdreader.settings import Settings, load_settings
from support.http import Person, connect, new_document, new_workspace, signed_up
from support.team import post_raw

LIMIT = 1000

TEXTS = {
    "empty": "",
    "one newline": "\n",
    "no final newline": "# Title\n\ntext",
    "CRLF": "# Title\r\n\r\ntext\r\n",
    "CRLF without final newline": "one\r\ntwo",
    "mixed line ends": "one\r\ntwo\nthree\rfour\r\n\n\r",
    "only CR": "one\rtwo\r",
    "BOM": "\ufeff# Title\n",
    "BOM and CRLF": "\ufeffone\r\ntwo\r\n",
    "only a BOM": "\ufeff",
    "two BOMs": "\ufeff\ufeffx",
    "BOM inside": "a\ufeffb",
    "Unicode line ends": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "controls": "".join(chr(code) for code in range(1, 32)) + "\x7f",
    "scripts": "Grüße, мир, γειά, שלום, مرحبا, नमस्ते, ไทย, 한국어, 日本語, ქართული, አማርኛ",
    "emoji": "🦊👩‍👩‍👧‍👦🏳️‍🌈👍🏽\U0010ffff",
    "not normalised": "e\u0301 \u00e9 \ufb01 \u212b",
    "noncharacters": "\ufffe\uffff\ufffd",
    "front matter": "---\ntitle:   odd   spacing  \nlist: [ a,b ]\n---\n\n\n*  odd\n  *   list\n",
    "trailing spaces": "line  \n\t\n   ",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return load_settings(data=settings.data, host="127.0.0.1", port=0, max_document_bytes=LIMIT)


@pytest.fixture
async def workspace_id(client: httpx.AsyncClient, ada: Person) -> str:
    return await new_workspace(client, ada)


@pytest.fixture
async def url(client: httpx.AsyncClient, ada: Person, workspace_id: str) -> str:
    return f"/api/documents/{await new_document(client, ada, workspace_id, 'a.md', 'first')}"


async def put(
    client: httpx.AsyncClient, ada: Person, url: str, text: str | bytes, if_match: str | None = "*", **headers: str
) -> httpx.Response:
    given = {**ada.headers, **headers} | ({} if if_match is None else {"If-Match": if_match})
    return await client.put(f"{url}/content", content=text, headers=given)


async def get(client: httpx.AsyncClient, ada: Person, url: str, **headers: str) -> httpx.Response:
    return await client.get(url, headers={**ada.headers, **headers})


# ---- exactly ----


async def test_texts_are_kept_exactly(client: httpx.AsyncClient, ada: Person, workspace_id: str) -> None:
    url = f"/api/documents/{await new_document(client, ada, workspace_id, 'rewritten.md', 'first')}"
    for name, text in TEXTS.items():
        data = text.encode()
        made = await client.post(
            f"/api/workspaces/{workspace_id}/documents",
            json={"path": f"{name}.md", "content": text},
            headers=ada.headers,
        )
        assert made.status_code == 201, name
        assert made.json()["size"] == len(data)
        written = await put(client, ada, url, data, **{"Content-Type": "text/markdown; charset=utf-8"})
        assert written.status_code == 200, name
        assert written.json()["size"] == len(data)
        for at in (f"/api/documents/{made.json()['id']}", url):
            read = await get(client, ada, at)
            assert read.json()["content"] == text, name
            assert read.json()["size"] == len(data)
            raw = await get(client, ada, f"{at}/content")
            assert raw.content == data, name
            assert raw.headers["content-type"] == "text/markdown; charset=utf-8"
            # One text, one tag, whichever way it came and goes.
            assert raw.headers["etag"] == read.headers["etag"] == written.headers["etag"]


async def test_json_carries_the_same_texts(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    for name, text in TEXTS.items():
        body = json.dumps({"content": text})
        response = await put(client, ada, url, body, **{"Content-Type": "application/json"})
        assert response.status_code == 200, name
        assert (await get(client, ada, f"{url}/content")).content == text.encode(), name


async def test_the_line_end_of_a_document(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    for text, eol in (("a\r\nb\r\n", "crlf"), ("a\nb\n", "lf"), ("a\r\nb\n", "lf"), ("", "lf")):
        await put(client, ada, url, text)
        assert (await get(client, ada, url)).json()["eol"] == eol


async def test_a_new_text_brings_a_new_title_and_size(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    before = (await get(client, ada, url)).json()
    response = await put(client, ada, url, "# Ünïcode\n")
    after = response.json()
    assert (after["title"], after["size"]) == ("Ünïcode", len("# Ünïcode\n".encode()))
    assert after["rev"] > before["rev"]
    listed = (await get(client, ada, f"/api/workspaces/{after['workspace_id']}/documents")).json()["items"]
    assert listed == [after]


# ---- ETags ----


async def test_a_stale_etag_is_refused_and_told_the_current_one(
    client: httpx.AsyncClient, ada: Person, url: str
) -> None:
    first = (await get(client, ada, url)).headers["etag"]
    second = (await put(client, ada, url, "second", first)).headers["etag"]
    assert second != first
    response = await put(client, ada, url, "third", first)
    assert response.status_code == 412
    assert response.json()["code"] == "etag_mismatch"
    assert response.headers["etag"] == second
    assert (await get(client, ada, f"{url}/content")).text == "second"
    assert (await put(client, ada, url, "third", response.headers["etag"])).status_code == 200


async def test_a_write_needs_an_etag(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    response = await put(client, ada, url, "second", None)
    assert response.status_code == 428
    assert response.json()["code"] == "if_match_required"
    assert (await get(client, ada, f"{url}/content")).text == "first"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{etag}", 200),
        ("*", 200),
        ('"other", {etag}', 200),
        ('{etag}, W/"other"', 200),
        ('"other"', 412),
        ('"other", "another"', 412),
        ("W/{etag}", 412),
        ('W/{etag}, "other", "another"', 412),
        ("", 412),
        ("nonsense", 412),
        ('"unfinished', 412),
    ],
)
async def test_what_if_match_may_be(client: httpx.AsyncClient, ada: Person, url: str, header: str, status: int) -> None:
    etag = (await get(client, ada, url)).headers["etag"]
    response = await put(client, ada, url, "second", header.format(etag=etag))
    assert response.status_code == status, response.text
    if status == 412:
        assert response.headers["etag"] == etag
        assert (await get(client, ada, f"{url}/content")).text == "first"


async def test_an_etag_without_quotes_is_no_etag(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    etag = (await get(client, ada, url)).headers["etag"]
    assert (await put(client, ada, url, "second", etag.strip('"'))).status_code == 412


async def test_the_same_text_again_changes_nothing(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    before = await get(client, ada, url)
    response = await put(client, ada, url, "first", before.headers["etag"])
    assert response.status_code == 200
    assert response.headers["etag"] == before.headers["etag"]
    assert response.json()["rev"] == before.json()["rev"]


async def test_two_writers_with_one_etag_one_wins(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    etag = (await get(client, ada, url)).headers["etag"]
    answers = await asyncio.gather(*(put(client, ada, url, f"writer {number}", etag) for number in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    (winner,) = [number for number, answer in enumerate(answers) if answer.status_code == 200]
    assert (await get(client, ada, f"{url}/content")).text == f"writer {winner}"


async def test_who_has_the_text_is_not_sent_it_again(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    etag = (await get(client, ada, url)).headers["etag"]
    for at in (url, f"{url}/content"):
        for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            response = await get(client, ada, at, **{"If-None-Match": given})
            assert response.status_code == 304
            assert response.content == b""
            assert response.headers["etag"] == etag
        assert (await get(client, ada, at, **{"If-None-Match": '"other"'})).status_code == 200
    await put(client, ada, url, "second")
    assert (await get(client, ada, url, **{"If-None-Match": etag})).status_code == 200


async def test_head_is_get_without_the_body(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    for at in (url, f"{url}/content"):
        whole, head = await get(client, ada, at), await client.head(at, headers=ada.headers)
        assert head.status_code == 200
        assert head.content == b""
        for name in ("etag", "content-length", "content-type"):
            assert head.headers[name] == whole.headers[name]


# ---- limits ----


async def test_the_limit_counts_bytes(client: httpx.AsyncClient, ada: Person, workspace_id: str, url: str) -> None:
    fits, too_long = "é" * (LIMIT // 2), "é" * (LIMIT // 2) + "x"
    target = f"/api/workspaces/{workspace_id}/documents"
    made = await post_raw(client, target, {"path": "fits.md", "content": fits}, ada.headers)
    assert made.status_code == 201
    refused = await post_raw(client, target, {"path": "too-long.md", "content": too_long}, ada.headers)
    assert refused.status_code == 413
    assert refused.json()["code"] == "too_large"

    assert (await put(client, ada, url, fits)).status_code == 200
    for body, kind in ((too_long, "text/markdown"), (json.dumps({"content": too_long}), "application/json")):
        response = await put(client, ada, url, body, **{"Content-Type": kind})
        assert response.status_code == 413
        assert response.json()["code"] == "too_large"
    assert (await get(client, ada, f"{url}/content")).text == fits
    listed = (await get(client, ada, target)).json()["items"]
    assert [item["path"] for item in listed] == ["a.md", "fits.md"]


async def test_line_ends_and_bom_count(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    assert (await put(client, ada, url, "\ufeff" + "\r\n" * 498 + "x")).status_code == 200
    assert (await put(client, ada, url, "\ufeff" + "\r\n" * 499)).status_code == 413


async def test_five_megabytes_go_in_and_out(tmp_path: Path) -> None:
    app: FastAPI = create_app(load_settings(data=tmp_path / "large", host="127.0.0.1", port=0))
    text = "# Große Datei\n" + "0123456789abcdef é\n" * 249_000
    text += "x" * (5_000_000 - len(text.encode()))
    async with app.router.lifespan_context(app), connect(app) as client:
        ada = await signed_up(client)
        workspace = await new_workspace(client, ada)
        at = f"/api/documents/{await new_document(client, ada, workspace, 'large.md', text)}"
        assert (await get(client, ada, f"{at}/content")).content == text.encode()
        assert (await put(client, ada, at, f"{text}x")).status_code == 413
        edited = text.replace("abcdef", "ABCDEF", 1)
        assert (await put(client, ada, at, edited)).status_code == 200
        read = (await get(client, ada, at)).json()
        assert read["content"] == edited
        assert read["title"] == "Große Datei"
        assert read["size"] == 5_000_000


# ---- what is no text ----


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ("nul \0", "text/markdown", (422, "invalid_text")),
        (b"latin \xe9", "text/markdown", (422, "invalid_text")),
        (b"half \xed\xa0\x80", "text/markdown", (422, "invalid_text")),
        (b"overlong \xc0\xaf", "text/markdown", (422, "invalid_text")),
        ('{"content": "nul \\u0000"}', "application/json", (422, "invalid_text")),
        ('{"content": "half \\ud800"}', "application/json", (422, "invalid_input")),
        ('{"content": 7}', "application/json", (422, "invalid_input")),
        ('{"text": "x"}', "application/json", (422, "invalid_input")),
        ('"x"', "application/json", (422, "invalid_input")),
        ("{", "application/json", (422, "invalid_input")),
        ("", "application/json", (422, "invalid_input")),
        ("a=b", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        ("x", "text/html", (415, "unsupported_media_type")),
        ("x", "text/markdown; charset=latin-1", (415, "unsupported_media_type")),
        ("x", ";;;", (415, "unsupported_media_type")),
    ],
)
async def test_what_is_no_text_is_refused(  # noqa: PLR0917 - pytest passes them by name
    client: httpx.AsyncClient, ada: Person, url: str, body: str | bytes, kind: str, expected: tuple[int, str]
) -> None:
    response = await put(client, ada, url, body, **{"Content-Type": kind})
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == expected
    assert (await get(client, ada, f"{url}/content")).text == "first"


async def test_a_compressed_text_is_refused(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    response = await put(client, ada, url, b"\x1f\x8b", **{"Content-Encoding": "gzip"})
    assert response.status_code == 415


async def test_text_types_that_are_understood(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    for kind in (
        "text/markdown",
        "text/plain; charset=UTF-8",
        "Text/Markdown;variant=GFM",
        'text/plain; charset="utf-8"',
    ):
        response = await put(client, ada, url, f"as {kind}", **{"Content-Type": kind})
        assert response.status_code == 200, kind
    response = await client.request(
        "PUT", f"{url}/content", content="without", headers={**ada.headers, "If-Match": "*"}
    )
    assert response.status_code == 200
    assert (await get(client, ada, f"{url}/content")).text == "without"


@pytest.mark.parametrize("content", ["nul \0", "half \ud800", 7, None, ["x"]])
async def test_no_document_is_made_of_what_is_no_text(
    client: httpx.AsyncClient, ada: Person, workspace_id: str, content: Any
) -> None:
    target = f"/api/workspaces/{workspace_id}/documents"
    response = await post_raw(client, target, {"path": "x.md", "content": content}, ada.headers)
    assert response.status_code == 422
    assert (await get(client, ada, target)).json()["items"] == []


async def test_a_tag_is_of_the_text_alone(client: httpx.AsyncClient, ada: Person, workspace_id: str) -> None:
    tags = set()
    for path in ("a.md", "b.md"):
        at = f"/api/documents/{await new_document(client, ada, workspace_id, path, 'same')}"
        tags.add((await get(client, ada, at)).headers["etag"])
    assert tags == {f'"{hashlib.sha256(b"same").hexdigest()[:32]}"'}
