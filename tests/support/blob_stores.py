"""A store of files under test: an adapter, how its signed addresses are asked, and what is put into it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from mdreader.ports.blobs import BlobNotFoundError, BlobStore, Signed, Upload

DATA = "Grüße 🙂\r\n\x00".encode() * 100
KEY = "attachments/w1/d1/Bild (1) ü.png"
OTHER = "attachments/w1/d2/Bild.png"


def upload_of(data: bytes, content_type: str = "image/png") -> Upload:
    """What is said of `data` before it is sent."""
    return Upload(len(data), content_type, hashlib.sha256(data).hexdigest())


@dataclass
class Store:
    """An adapter, how its addresses are asked, and how time passes for those who check them."""

    blobs: BlobStore
    client: httpx.AsyncClient
    later: Callable[[float], None]

    async def send(self, signed: Signed, data: bytes = b"", **headers: str | None) -> httpx.Response:
        given = {**signed.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent = {name: value for name, value in given.items() if value is not None}
        return await self.client.request(signed.method, signed.url, content=data, headers=sent)

    async def content(self, key: str) -> bytes | None:
        try:
            return b"".join([piece async for piece in self.blobs.read(key)])
        except BlobNotFoundError:
            return None
