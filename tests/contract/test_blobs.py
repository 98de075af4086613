"""What every adapter of `ports.blobs` does: a folder with our own signed addresses, and S3 behind a gate that checks them."""

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from mdreader.adapters.aws import Aws
from mdreader.adapters.blobs_local import LocalBlobs
from mdreader.adapters.blobs_s3 import S3Blobs
from mdreader.kernel.errors import UnavailableError
from mdreader.main import create_app
from mdreader.ports.blobs import LEAST_PART, BlobNotFoundError, Upload, check_key, disposition
from mdreader.settings import Settings
from support.aws import REGION
from support.blob_stores import DATA, KEY, OTHER, Store, upload_of
from support.clock import FakeClock
from support.http import connect
from support.s3_gate import s3_gate


@pytest.fixture
def dialect() -> str:
    return "sqlite"  # no statement is run


@pytest.fixture(params=["local", "s3"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "local":
        settings: Settings = request.getfixturevalue("settings")
        app = create_app(settings)
        clock = FakeClock()
        folder: Path = request.getfixturevalue("tmp_path") / "files"
        blobs = LocalBlobs(folder, secret=b"s" * 32, now=clock.now)
        async with app.router.lifespan_context(app), connect(app) as client:
            object.__setattr__(app.state.runtime, "blobs", blobs)
            yield Store(blobs, client, lambda seconds: clock.advance(seconds=seconds))
        return
    endpoint: str = request.getfixturevalue("aws_endpoint")
    with s3_gate(endpoint) as gate:
        client_s3 = Aws(REGION, gate.url).client("s3", signature_version="s3v4")
        client_s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": REGION})

        def later(seconds: float) -> None:
            gate.seconds += seconds

        async with httpx.AsyncClient(timeout=60) as client:
            yield Store(S3Blobs(client_s3, "files", now=FakeClock().now), client, later)


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_a_file_comes_back_byte_for_byte(store: Store) -> None:
    for key, data in ((KEY, DATA), ("documents/w/d.md", b"\xef\xbb\xbfa\r\nb"), ("empty", b"")):
        await store.blobs.put(key, data, content_type="text/markdown")
        assert await store.content(key) == data
        assert await store.blobs.size(key) == len(data)


async def test_a_file_is_replaced_and_deleted(store: Store) -> None:
    await store.blobs.put(KEY, b"old", content_type="text/plain")
    await store.blobs.put(KEY, b"new", content_type="text/plain")
    assert await store.content(KEY) == b"new"
    await store.blobs.delete(KEY)
    await store.blobs.delete(KEY)
    assert await store.content(KEY) is None
    assert await store.blobs.size(KEY) is None


async def test_a_large_file_is_brought_in_pieces(store: Store) -> None:
    data = bytes(range(256)) * 36_000  # 9 MB: more than one part of S3
    await store.blobs.put("backups/b", pieces(data, 1_000_003), content_type="application/zip")
    assert await store.content("backups/b") == data


async def test_a_file_whose_source_fails_leaves_what_was_there(store: Store) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 10_000_000
        raise OSError("the other side went away")

    await store.blobs.put(KEY, b"old", content_type="text/plain")
    with pytest.raises((OSError, UnavailableError)):
        await store.blobs.put(KEY, failing(), content_type="text/plain")
    assert await store.content(KEY) == b"old"


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", "../a", "a/../../b", ".", "a/.", "a\\b", "a\nb", "a\x00", "u\u0308", "x" * 1025, "\ud800"],
)
def test_keys_that_are_not_one_file_everywhere(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        check_key(key)


async def test_such_keys_are_refused_everywhere(store: Store) -> None:
    bad = "a/../../secret.key"
    for attempt in (
        store.blobs.put(bad, b"", content_type="text/plain"),
        store.blobs.size(bad),
        store.blobs.delete(bad),
        store.blobs.sign_upload(bad, upload_of(b"")),
        store.blobs.sign_download(bad, content_type="text/plain"),
        store.blobs.begin(bad, content_type="text/plain"),
    ):
        with pytest.raises(ValueError, match="key"):
            await attempt
    with pytest.raises(ValueError, match="key"):
        await store.content(bad)


# ---- uploads ----


async def test_an_upload_is_what_was_signed(store: Store) -> None:
    signed = await store.blobs.sign_upload(KEY, upload_of(DATA))
    answer = await store.send(signed, DATA)
    assert answer.status_code == 200, answer.text
    assert await store.content(KEY) == DATA


async def test_an_upload_of_nothing(store: Store) -> None:
    assert (await store.send(await store.blobs.sign_upload("empty", upload_of(b"")), b"")).status_code == 200
    assert await store.content("empty") == b""


async def test_other_bytes_types_and_lengths_are_refused(store: Store) -> None:
    signed = await store.blobs.sign_upload(KEY, upload_of(DATA))
    longer, shorter, other = DATA + b"!", DATA[:-1], b"!" + DATA[1:]
    for answer in (
        await store.send(signed, other),
        await store.send(signed, longer, Content_Length=str(len(longer))),
        await store.send(signed, shorter, Content_Length=str(len(shorter))),
        await store.send(signed, DATA, Content_Type="text/html"),
        await store.send(signed, DATA, Content_Type=None),
    ):
        assert 400 <= answer.status_code < 500, answer.text
    assert await store.content(KEY) is None


async def test_an_upload_does_not_hold_for_another_digest_that_is_named_with_it(store: Store) -> None:
    signed = await store.blobs.sign_upload(KEY, upload_of(DATA))
    other = b"!" + DATA[1:]
    digest = base64.b64encode(hashlib.sha256(other).digest()).decode()
    answer = await store.send(signed, other, **{"x-amz-checksum-sha256": digest})
    assert 400 <= answer.status_code < 500
    assert await store.content(KEY) is None


def changed(url: str) -> list[str]:
    """Every address that differs from `url` in one thing: each part of the query changed, left out, doubled; another file."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    found = []
    for number, (name, value) in enumerate(query):
        tail = value[:-1] + ("0" if value[-1:] != "0" else "1")
        found += [
            parts._replace(query=urlencode([*query[:number], *one, *query[number + 1 :]])).geturl()
            for one in ([(name, tail)], [], [(name, value), (name, tail)])
        ]
    found.append(parts._replace(path=parts.path.replace("d1", "d2")).geturl())
    found.append(parts._replace(path=parts.path + "x").geturl())
    found.append(parts._replace(query="").geturl())
    return found


async def test_a_changed_address_stores_nothing(store: Store) -> None:
    signed = await store.blobs.sign_upload(KEY, upload_of(DATA))
    addresses = changed(signed.url)
    assert len(addresses) > 12
    for url in addresses:
        answer = await store.send(replace(signed, url=url), DATA)
        assert 400 <= answer.status_code < 500, url
    assert await store.content(KEY) is None
    assert await store.content(OTHER) is None


async def test_an_upload_is_over_when_its_time_is(store: Store) -> None:
    signed = await store.blobs.sign_upload(KEY, upload_of(DATA), seconds=60)
    store.later(62)
    assert (await store.send(signed, DATA)).status_code == 403
    assert await store.content(KEY) is None


async def test_an_address_to_write_does_not_read_and_the_other_way_round(store: Store) -> None:
    await store.blobs.put(KEY, b"old", content_type="image/png")
    write = await store.blobs.sign_upload(KEY, upload_of(DATA))
    read = await store.blobs.sign_download(KEY, content_type="image/png")
    assert (await store.send(replace(write, method="GET", headers={}))).status_code == 403
    assert 400 <= (await store.send(replace(read, method="PUT", headers=write.headers), DATA)).status_code < 500
    assert 400 <= (await store.send(replace(read, method="DELETE"))).status_code < 500
    assert await store.content(KEY) == b"old"


@pytest.mark.parametrize(
    ("size", "content_type", "sha256"),
    [
        (-1, "a/b", "0" * 64),
        (5 * 2**30 + 1, "a/b", "0" * 64),
        (1, "a/b\r\nX: y", "0" * 64),
        (1, "a", "0" * 64),
        (1, "a/b", "0"),
    ],
)
def test_uploads_that_cannot_be(size: int, content_type: str, sha256: str) -> None:
    with pytest.raises(ValueError, match=r"upload|type|SHA"):
        Upload(size, content_type, sha256)


# ---- downloads ----


async def test_a_download_has_the_type_and_the_name_that_were_signed(store: Store) -> None:
    await store.blobs.put(KEY, DATA, content_type="application/octet-stream")
    signed = await store.blobs.sign_download(KEY, content_type="image/png", file_name='Bild "1"; ü.png')
    answer = await store.send(signed)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == disposition('Bild "1"; ü.png')
    shown = await store.send(await store.blobs.sign_download(KEY, content_type="image/png"))
    assert shown.headers["content-disposition"] == "inline"


async def test_a_part_of_a_file_is_read(store: Store) -> None:
    await store.blobs.put(KEY, DATA, content_type="image/png")
    signed = await store.blobs.sign_download(KEY, content_type="image/png")
    answer = await store.send(signed, Range="bytes=2-5")
    assert (answer.status_code, answer.content) == (206, DATA[2:6])


async def test_a_changed_address_reads_nothing(store: Store) -> None:
    for key in (KEY, OTHER, KEY + "x"):
        await store.blobs.put(key, DATA, content_type="image/png")
    signed = await store.blobs.sign_download(KEY, content_type="image/png", file_name="a.png")
    assert (await store.send(signed)).status_code == 200
    for url in changed(signed.url):
        answer = await store.send(replace(signed, url=url))
        assert 400 <= answer.status_code < 500, url
        assert DATA not in answer.content


async def test_a_download_is_over_after_fifteen_minutes(store: Store) -> None:
    await store.blobs.put(KEY, DATA, content_type="image/png")
    signed = await store.blobs.sign_download(KEY, content_type="image/png")
    store.later(15 * 60 - 5)
    assert (await store.send(signed)).status_code == 200
    store.later(7)
    assert (await store.send(signed)).status_code == 403


async def test_a_download_of_nothing_is_not_found(store: Store) -> None:
    answer = await store.send(await store.blobs.sign_download(KEY, content_type="image/png"))
    assert answer.status_code in {403, 404}  # S3 says 403 to who may not list the bucket


# ---- parts ----


async def test_parts_become_one_file_when_all_are_there(store: Store) -> None:
    first, second = b"a" * LEAST_PART, b"the end"
    await store.blobs.put(KEY, b"old", content_type="image/png")
    upload_id = await store.blobs.begin(KEY, content_type="image/png")
    for number, data in ((2, second), (1, first)):
        if number == 1:
            with pytest.raises(BlobNotFoundError):
                await store.blobs.complete(KEY, upload_id, parts=2)
        signed = await store.blobs.sign_part(KEY, upload_id, number, upload_of(data))
        assert (await store.send(signed, data[:-1] + b"!")).status_code in {400, 422}
        answer = await store.send(signed, data)
        assert answer.status_code == 200, answer.text
    assert await store.content(KEY) == b"old"
    assert await store.blobs.complete(KEY, upload_id, parts=2) == len(first) + len(second)
    assert await store.content(KEY) == first + second
    with pytest.raises(BlobNotFoundError):
        await store.blobs.complete(KEY, upload_id, parts=2)


async def test_a_part_goes_nowhere_but_where_it_was_signed_for(store: Store) -> None:
    upload_id = await store.blobs.begin(KEY, content_type="image/png")
    signed = await store.blobs.sign_part(KEY, upload_id, 1, upload_of(DATA))
    for url in changed(signed.url):
        assert 400 <= (await store.send(replace(signed, url=url), DATA)).status_code < 500, url
    with pytest.raises(BlobNotFoundError):
        await store.blobs.complete(KEY, upload_id, parts=1)


async def test_what_was_given_up_is_forgotten(store: Store) -> None:
    upload_id = await store.blobs.begin(KEY, content_type="image/png")
    signed = await store.blobs.sign_part(KEY, upload_id, 1, upload_of(DATA))
    await store.send(signed, DATA)
    await store.blobs.abort(KEY, upload_id)
    await store.blobs.abort(KEY, upload_id)
    assert (await store.send(signed, DATA)).status_code >= 400  # moto stumbles over it, and says 500
    with pytest.raises(BlobNotFoundError):
        await store.blobs.complete(KEY, upload_id, parts=1)
    assert await store.content(KEY) is None
