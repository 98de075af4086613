"""Files in a bucket of S3; downloads by CloudFront where a distribution is configured."""

import asyncio
import base64
import contextlib
import datetime as dt
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from mdreader.adapters.aws import AwsError, code_of
from mdreader.kernel.errors import UnavailableError
from mdreader.ports.blobs import (
    DOWNLOAD_SECONDS,
    LEAST_PART,
    MOST_PARTS,
    UPLOAD_SECONDS,
    BlobNotFoundError,
    Signed,
    Upload,
    check_key,
    disposition,
)

_PIECE: Final = 256 * 1024
# Of a file that our own process brings: parts of this size, so that no more than one lies in memory.
_OWN_PART: Final = 8 * 1024**2
_MISSING: Final = {"NoSuchKey", "404", "NotFound", "NoSuchUpload", "InvalidPart"}


@dataclass(frozen=True, slots=True)
class CloudFront:
    """A distribution in front of the bucket: its domain, the id of a key pair, and the private key (PEM)."""

    domain: str
    key_id: str
    private_key: bytes

    def __repr__(self) -> str:
        return f"CloudFront({self.domain})"


class S3Blobs:
    """Keeps files in `bucket` with `client`, of s3. `now` is in milliseconds."""

    def __init__(
        self, client: Any, bucket: str, *, now: Callable[[], int], cloudfront: CloudFront | None = None
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._now = now
        self._cloudfront = cloudfront
        self._signer = None if cloudfront is None else _signer(cloudfront)

    # ---- files ----

    async def put(self, key: str, data: bytes | AsyncIterable[bytes], *, content_type: str) -> None:
        """See `ports.blobs.Blobs`."""
        check_key(key)
        if isinstance(data, bytes):
            await self._called("put_object", Key=key, Body=data, ContentType=content_type)
            return
        upload_id = await self.begin(key, content_type=content_type)
        try:
            number, waiting = 0, bytearray()
            async for piece in data:
                waiting += piece
                while len(waiting) >= _OWN_PART:
                    number += 1
                    await self._put_part(key, upload_id, number, bytes(waiting[:_OWN_PART]))
                    del waiting[:_OWN_PART]
            if waiting or number == 0:
                number += 1
                await self._put_part(key, upload_id, number, bytes(waiting))
            await self.complete(key, upload_id, parts=number)
        except BaseException:
            await self.abort(key, upload_id)
            raise

    async def _put_part(self, key: str, upload_id: str, number: int, data: bytes) -> None:
        await self._called(
            "upload_part", Key=key, UploadId=upload_id, PartNumber=number, Body=data, ChecksumAlgorithm="SHA256"
        )

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """See `ports.blobs.Blobs`."""
        check_key(key)
        body = (await self._called("get_object", Key=key))["Body"]
        try:
            while piece := await asyncio.to_thread(body.read, _PIECE):
                yield piece
        except AwsError as error:
            raise _explained(error) from error
        finally:
            body.close()

    async def size(self, key: str) -> int | None:
        """See `ports.blobs.Blobs`."""
        check_key(key)
        try:
            return int((await self._called("head_object", Key=key))["ContentLength"])
        except BlobNotFoundError:
            return None

    async def delete(self, key: str) -> None:
        """See `ports.blobs.Blobs`."""
        check_key(key)
        await self._called("delete_object", Key=key)

    # ---- addresses ----

    async def sign_upload(self, key: str, upload: Upload, *, seconds: int = UPLOAD_SECONDS) -> Signed:
        """See `ports.blobs.Blobs`. S3 itself compares length, type and digest: they are signed as headers."""
        check_key(key)
        return await self._sign_put("put_object", upload, seconds, Key=key, ContentType=upload.content_type)

    async def sign_download(
        self, key: str, *, content_type: str, file_name: str | None = None, seconds: int = DOWNLOAD_SECONDS
    ) -> Signed:
        """See `ports.blobs.Blobs`."""
        check_key(key)
        expires_at = self._now() + seconds * 1000
        shown = disposition(file_name)
        if self._signer is not None and self._cloudfront is not None:
            query = urlencode({"response-content-disposition": shown, "response-content-type": content_type})
            address = f"https://{self._cloudfront.domain}/{quote(key)}?{query}"
            until = dt.datetime.fromtimestamp(expires_at // 1000, dt.UTC)
            url = await asyncio.to_thread(self._signer.generate_presigned_url, address, date_less_than=until)
            return Signed("GET", url, {}, expires_at)
        said = {"ResponseContentDisposition": shown, "ResponseContentType": content_type}
        url = await self._presigned("get_object", seconds, Key=key, **said)
        return Signed("GET", url, {}, expires_at)

    async def _sign_put(self, operation: str, upload: Upload, seconds: int, **arguments: Any) -> Signed:
        digest = base64.b64encode(bytes.fromhex(upload.sha256)).decode()
        expires_at = self._now() + seconds * 1000
        url = await self._presigned(operation, seconds, ContentLength=upload.size, ChecksumSHA256=digest, **arguments)
        headers = {"Content-Length": str(upload.size), "x-amz-checksum-sha256": digest}
        if "ContentType" in arguments:
            headers["Content-Type"] = upload.content_type
        return Signed("PUT", url, headers, expires_at)

    async def _presigned(self, operation: str, seconds: int, **arguments: Any) -> str:
        try:
            # On a thread: the SDK may have to ask for its credentials first.
            url: str = await asyncio.to_thread(
                self._client.generate_presigned_url,
                operation,
                Params={"Bucket": self._bucket, **arguments},
                ExpiresIn=seconds,
            )
        except AwsError as error:
            raise _explained(error) from error
        return url

    # ---- parts ----

    async def begin(self, key: str, *, content_type: str) -> str:
        """See `ports.blobs.BlobParts`."""
        check_key(key)
        answer = await self._called(
            "create_multipart_upload", Key=key, ContentType=content_type, ChecksumAlgorithm="SHA256"
        )
        return str(answer["UploadId"])

    async def sign_part(
        self, key: str, upload_id: str, number: int, upload: Upload, *, seconds: int = UPLOAD_SECONDS
    ) -> Signed:
        """See `ports.blobs.BlobParts`."""
        check_key(key)
        if not 1 <= number <= MOST_PARTS:
            raise ValueError(f"Parts have numbers from 1 to {MOST_PARTS}.")
        return await self._sign_put("upload_part", upload, seconds, Key=key, UploadId=upload_id, PartNumber=number)

    async def complete(self, key: str, upload_id: str, *, parts: int) -> int:
        """See `ports.blobs.BlobParts`."""
        check_key(key)
        found = {part["PartNumber"]: part for part in await self._listed(key, upload_id)}
        if parts < 1 or not all(number in found for number in range(1, parts + 1)):
            raise BlobNotFoundError("A part is missing, or this upload is over.")
        wanted = [found[number] for number in range(1, parts + 1)]
        if any(part["Size"] < LEAST_PART for part in wanted[:-1]):
            raise ValueError(f"All parts but the last have {LEAST_PART} bytes or more.")
        named = [
            {name: part[name] for name in ("PartNumber", "ETag", "ChecksumSHA256") if name in part} for part in wanted
        ]
        await self._called("complete_multipart_upload", Key=key, UploadId=upload_id, MultipartUpload={"Parts": named})
        return sum(part["Size"] for part in wanted)

    async def _listed(self, key: str, upload_id: str) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        after = 0
        while True:
            page = await self._called("list_parts", Key=key, UploadId=upload_id, PartNumberMarker=after)
            parts += page.get("Parts", ())
            if not page.get("IsTruncated"):
                return parts
            after = page["NextPartNumberMarker"]

    async def abort(self, key: str, upload_id: str) -> None:
        """See `ports.blobs.BlobParts`."""
        check_key(key)
        with contextlib.suppress(BlobNotFoundError):
            await self._called("abort_multipart_upload", Key=key, UploadId=upload_id)

    async def _called(self, method: str, **arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(getattr(self._client, method), Bucket=self._bucket, **arguments)
        except AwsError as error:
            raise _explained(error) from error


def _explained(error: BaseException) -> BlobNotFoundError | UnavailableError:
    code = code_of(error)
    if code in _MISSING:
        return BlobNotFoundError()
    return UnavailableError(f"S3 does not answer as it should: {code}.")


def _signer(cloudfront: CloudFront) -> Any:
    from botocore.signers import CloudFrontSigner  # noqa: PLC0415 - only with a distribution
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    key = load_pem_private_key(cloudfront.private_key, None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("CLOUDFRONT_PRIVATE_KEY must be an RSA key.")  # noqa: TRY004 - a setting, not a mistake in code

    def sign(message: bytes) -> bytes:
        # CloudFront knows this form alone.
        return key.sign(message, PKCS1v15(), SHA1())  # noqa: S303

    return CloudFrontSigner(cloudfront.key_id, sign)
