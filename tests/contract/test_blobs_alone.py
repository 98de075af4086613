"""What one adapter of `ports.blobs` alone does: the folder, S3, and CloudFront before it. What all do: test_blobs.py."""

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from fastapi import FastAPI

from mdreader.adapters.aws import Aws
from mdreader.adapters.blobs_local import LocalBlobs
from mdreader.adapters.blobs_s3 import CloudFront, S3Blobs
from mdreader.bootstrap.files import make_blobs
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.blobs import BlobNotFoundError
from mdreader.settings import load_settings
from support.aws import REGION
from support.blob_stores import DATA, KEY, OTHER, Store, upload_of
from support.clock import FakeClock
from support.http import connect
from support.keys import private_key


@pytest.fixture
def dialect() -> str:
    return "sqlite"  # no statement is run


async def test_nothing_half_written_is_left_in_the_folder(tmp_path: Path, app: FastAPI) -> None:
    blobs = LocalBlobs(tmp_path / "files", secret=b"s" * 32, now=FakeClock().now)
    object.__setattr__(app.state.runtime, "blobs", blobs)
    async with connect(app) as client:
        signed = await blobs.sign_upload(KEY, upload_of(DATA))
        store = Store(blobs, client, lambda _: None)
        await store.send(signed, DATA[:-1])
        await store.send(signed, b"!" + DATA[1:])
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


async def test_the_id_of_an_upload_says_nothing_about_another_file(tmp_path: Path) -> None:
    # S3 compares the two; moto does not.
    blobs = LocalBlobs(tmp_path / "files", secret=b"s" * 32, now=FakeClock().now)
    upload_id = await blobs.begin(KEY, content_type="image/png")
    async with blobs.writing(blobs.destination(KEY, {"part_of": upload_id, "part": "1"})) as file:
        file.write(DATA)
    with pytest.raises(BlobNotFoundError):
        await blobs.complete(OTHER, upload_id, parts=1)
    assert await blobs.complete(KEY, upload_id, parts=1) == len(DATA)


async def test_what_was_begun_and_never_ended_is_swept_away_after_a_day(tmp_path: Path) -> None:
    now = int(time.time() * 1000)
    clock = FakeClock(now)
    blobs = LocalBlobs(tmp_path / "files", secret=b"s" * 32, now=clock.now)
    await blobs.put(KEY, DATA, content_type="image/png")
    upload_id = await blobs.begin(KEY, content_type="image/png")
    half = blobs._open_new()
    half.close()
    clock.advance(seconds=23 * 3600)
    blobs.sweep()
    assert len(list((tmp_path / "files").glob(".*/*"))) == 2
    clock.advance(seconds=2 * 3600)
    blobs.sweep()
    assert list((tmp_path / "files").glob(".*/*")) == []
    with pytest.raises(BlobNotFoundError):
        await blobs.complete(KEY, upload_id, parts=1)
    assert await blobs.size(KEY) == len(DATA)


async def test_a_file_of_somebody_may_do_nothing_at_our_origin(tmp_path: Path, app: FastAPI) -> None:
    blobs = LocalBlobs(tmp_path / "files", secret=b"s" * 32, now=FakeClock().now)
    object.__setattr__(app.state.runtime, "blobs", blobs)
    await blobs.put("a.html", b"<script>alert(1)</script>", content_type="text/html")
    async with connect(app) as client:
        answer = await client.get((await blobs.sign_download("a.html", content_type="text/html")).url)
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_addresses_of_another_server_do_not_hold(tmp_path: Path, app: FastAPI) -> None:
    blobs = LocalBlobs(tmp_path / "files", secret=b"s" * 32, now=FakeClock().now)
    stranger = LocalBlobs(tmp_path / "files", secret=b"x" * 32, now=FakeClock().now)
    object.__setattr__(app.state.runtime, "blobs", blobs)
    await blobs.put(KEY, DATA, content_type="image/png")
    async with connect(app) as client:
        answer = await client.get((await stranger.sign_download(KEY, content_type="image/png")).url)
    assert (answer.status_code, answer.json()["code"]) == (403, "address_refused")


async def test_cloudfront_addresses_are_signed_for_one_file_and_fifteen_minutes() -> None:
    key, clock = private_key("cloudfront"), FakeClock()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    blobs = S3Blobs(None, "files", now=clock.now, cloudfront=CloudFront("d1.cloudfront.net", "K123", pem))
    signed = await blobs.sign_download(KEY, content_type="image/png", file_name="a b.png")
    parts = urlsplit(signed.url)
    assert (parts.netloc, parts.path) == ("d1.cloudfront.net", f"/{quote(KEY)}")
    query = dict(parse_qsl(parts.query))
    assert query["Key-Pair-Id"] == "K123"
    assert int(query["Expires"]) == clock.now() // 1000 + 900
    # A canned policy: CloudFront builds it again from the address, and asks whether it was signed.
    resource = signed.url.partition("&Expires=")[0]
    condition = {"DateLessThan": {"AWS:EpochTime": int(query["Expires"])}}
    policy = json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))
    signature = base64.b64decode(query["Signature"].translate(str.maketrans("-_~", "+=/")))
    key.public_key().verify(signature, policy.encode(), PKCS1v15(), hashes.SHA1())  # noqa: S303 - as CloudFront wants it
    assert "PRIVATE" not in repr(CloudFront("d", "K", pem))


@pytest.mark.usefixtures("aws_credentials")
async def test_the_settings_put_a_distribution_before_the_bucket(tmp_path: Path) -> None:
    pem = private_key("cloudfront").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    bucket = {"data": tmp_path, "aws_s3_bucket": "files", "aws_region": REGION}
    distribution = {
        "cloudfront_domain": "d1.cloudfront.net",
        "cloudfront_key_id": "K123",
        "cloudfront_private_key": pem.decode().replace("\n", "\\n"),  # as it fits into a line of a unit file
    }
    with_it = make_blobs(load_settings(**bucket, **distribution), b"s" * 32, FakeClock())
    without = make_blobs(load_settings(**bucket), b"s" * 32, FakeClock())
    read = await with_it.sign_download(KEY, content_type="image/png")
    assert (urlsplit(read.url).netloc, dict(parse_qsl(urlsplit(read.url).query))["Key-Pair-Id"]) == (
        "d1.cloudfront.net",
        "K123",
    )
    # Uploads go to the bucket: a distribution passes none on.
    for signed in (
        await with_it.sign_upload(KEY, upload_of(DATA)),
        await without.sign_download(KEY, content_type="image/png"),
    ):
        assert (urlsplit(signed.url).hostname or "").endswith(".amazonaws.com")


async def test_s3_that_is_away_is_said_in_our_words(aws_endpoint: str) -> None:
    client: Any = Aws(REGION, aws_endpoint).client("s3", signature_version="s3v4")
    blobs = S3Blobs(client, "no-such-bucket", now=FakeClock().now)
    with pytest.raises(UnavailableError, match="NoSuchBucket"):
        await blobs.put(KEY, DATA, content_type="image/png")
