"""Serves the built page: files by their names, `index.html` for the addresses that the page itself routes."""

import hashlib
import mimetypes
import os
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from mdreader.http.routes import methods_of, not_allowed

PAGE_FOLDER: Final = Path(__file__).parent.parent / "web"
_IMMUTABLE: Final = "public, max-age=31536000, immutable"  # names under assets/ carry a hash of their content
_REVALIDATE: Final = "no-cache"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))

_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>mdreader: the page is not built yet</title>
<style>body{font:16px/1.6 system-ui;max-width:40rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>The page is not built yet</h1>
<p>The server runs and its API answers at <a href="/api/openapi.json"><code>/api/openapi.json</code></a>, but the files of
the page are missing.</p>
<p>In the project's folder run <code>make web</code>, then start the server again. <code>make run</code> does both.</p>
</html>
"""


class Page:
    """An ASGI application over one folder. Its list of files is read once, so a request cannot name any other file."""

    def __init__(self, folder: Path = PAGE_FOLDER) -> None:
        found = (f"{parent}{os.sep}{name}" for parent, _, names in os.walk(folder) for name in names if name[0] != ".")
        self._files = {path.removeprefix(str(folder)).replace(os.sep, "/"): path for path in found}

    @property
    def built(self) -> bool:
        """Whether there is a page to serve."""
        return "/index.html" in self._files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._respond(scope)(scope, receive, send)

    def _respond(self, scope: Scope) -> Response:
        path: str = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            if methods := methods_of(scope):
                raise not_allowed(methods)
            raise HTTPException(404, "There is no such address in the API.")
        if scope["method"] not in {"GET", "HEAD"}:
            raise not_allowed({"GET", "HEAD"})
        headers = Headers(scope=scope)
        if path not in self._files or path == "/index.html":
            # A file that is gone must be an error: a browser that got the page instead would run it as a script.
            # The front door is none: whoever knocks with curl asks for anything (*/*) and is let in.
            wanted = path == "/" or "text/html" in headers.get("accept", "text/html")
            if path.startswith("/assets/") or not wanted:
                raise HTTPException(404, "There is no such file.")
            path = "/index.html"
        if path not in self._files:
            return HTMLResponse(_NOT_BUILT, status_code=503)
        return self._file(path, headers)

    def _file(self, path: str, request: Headers) -> Response:
        accepted = {part.partition(";")[0].strip() for part in request.get("accept-encoding", "").split(",")}
        encoding, suffix = next((e for e in _ENCODINGS if e[0] in accepted and path + e[1] in self._files), ("", ""))
        body, etag = _read(self._files[path + suffix])
        headers = {
            "ETag": etag,
            "Vary": "Accept-Encoding",
            "Cache-Control": _IMMUTABLE if path.startswith("/assets/") else _REVALIDATE,
        }
        if etag in request.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if encoding:
            headers["Content-Encoding"] = encoding
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return Response(body, headers=headers, media_type=kind)


@lru_cache(maxsize=256)
def _read(path: str) -> tuple[bytes, str]:
    body = Path(path).read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:24]}"'
