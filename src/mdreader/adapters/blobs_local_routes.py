"""Where the signed addresses of local files lead. They are the credential: nothing else is asked, and nothing else counts."""

import asyncio
import hashlib
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from mdreader.adapters.blobs_local import PREFIX, LocalBlobs
from mdreader.http.dependencies import RuntimeDep
from mdreader.kernel.errors import ForbiddenError, InvalidInputError
from mdreader.ports.blobs import BlobNotFoundError
from mdreader.runtime import Runtime

# For programs that follow an address; nobody builds one from a description.
router = APIRouter(include_in_schema=False)

_PIECE: Final = 256 * 1024


class AddressRefusedError(ForbiddenError):
    """The address was not given out like this, or its time is over (403)."""

    code = "address_refused"
    title = "This address does not hold"


class UploadMismatchError(InvalidInputError):
    """What was sent is not what the address is for (422)."""

    code = "upload_mismatch"
    title = "This is not what the address was given out for"


@router.put(PREFIX + "{key:path}")
async def upload_blob(key: str, request: Request, runtime: RuntimeDep) -> Response:
    """Store what the address is for: this many bytes, of this type, with this digest."""
    blobs, said = _opened(key, request, runtime)
    headers = request.headers
    if headers.get("content-length") != said["size"]:
        raise UploadMismatchError(f"Send Content-Length: {said['size']}, and as many bytes.")
    if headers.get("content-type") != said["type"]:
        raise UploadMismatchError(f"Send Content-Type: {said['type']}.")
    size, digest = int(said["size"]), hashlib.sha256()
    received, waiting = 0, bytearray()
    async with blobs.writing(blobs.destination(key, said)) as file:
        async for piece in request.stream():
            received += len(piece)
            if received > size:
                raise UploadMismatchError(f"The address takes {size} bytes.")
            waiting += piece
            if len(waiting) >= _PIECE:
                digest.update(waiting)
                await asyncio.to_thread(file.write, waiting)
                waiting = bytearray()
        digest.update(waiting)
        file.write(waiting)
        if received != size or digest.hexdigest() != said["sha256"]:
            raise UploadMismatchError("The bytes are not those whose SHA-256 was named.")
    return Response(status_code=200, headers={"ETag": f'"{digest.hexdigest()}"'})


@router.get(PREFIX + "{key:path}")
@router.head(PREFIX + "{key:path}")
async def download_blob(key: str, request: Request, runtime: RuntimeDep) -> Response:
    """The file, or the range of it that is asked for."""
    blobs, said = _opened(key, request, runtime)
    path = blobs.path(key)
    if not path.is_file():
        raise BlobNotFoundError
    return FileResponse(
        path,
        media_type=said["type"],
        headers={
            "Content-Disposition": said["disposition"],
            # Somebody's file, at our own origin: it may do nothing there.
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        },
    )


def _opened(key: str, request: Request, runtime: Runtime) -> tuple[LocalBlobs, dict[str, str]]:
    items = request.query_params.multi_items()
    said = dict(items)
    method = "GET" if request.method == "HEAD" else request.method
    blobs = runtime.blobs
    if not isinstance(blobs, LocalBlobs):
        raise BlobNotFoundError
    if len(said) != len(items) or not blobs.holds(method, key, said):
        raise AddressRefusedError("It was changed, or it is too old. Ask for another.")
    return blobs, said
