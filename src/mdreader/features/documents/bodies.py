"""Texts that come in as a request's body, and documents that go out as an answer's."""

import re
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from mdreader.features.documents.access import DocumentAccess
from mdreader.features.documents.etags import parse_condition, quoted
from mdreader.features.documents.records import Document
from mdreader.features.documents.schemas import ContentIn, members_of
from mdreader.features.documents.texts import decode_text
from mdreader.ports.live import LiveText

_TEXT_TYPES: Final = {"text/markdown", "text/x-markdown", "text/plain"}
_CHARSET: Final = re.compile(r'\bcharset\s*=\s*"?([^\s";]*)')
_CHARSETS: Final = {"utf-8", "utf8", "us-ascii", "ascii"}

# FastAPI cannot know what a route reads from the request itself.
TEXT_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The whole text, in UTF-8.",
        "content": {
            "text/markdown": {"schema": {"type": "string"}},
            "application/json": {"schema": ContentIn.model_json_schema()},
        },
    }
}
ETAG_HEADER: Final[dict[str, Any]] = {
    "ETag": {"description": "Strong; of the exact text.", "schema": {"type": "string"}}
}


async def read_text(request: Request, max_bytes: int) -> str:
    """The text in the body: as it is, or in JSON. Raises `TooLargeError`, `InvalidTextError`, and the framework's 415 and 422."""
    media_type, _, parameters = request.headers.get("content-type", "text/markdown").lower().partition(";")
    media_type = media_type.strip()
    charset = _CHARSET.search(parameters)
    if media_type not in _TEXT_TYPES and media_type != "application/json":
        raise _unsupported("Send the text as text/markdown, or as JSON: {content}.")
    if charset and charset.group(1) not in _CHARSETS:
        raise _unsupported("Send the text in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise _unsupported("Send the text without compression.")
    body = await request.body()
    if media_type in _TEXT_TYPES:
        return decode_text(body, max_bytes)
    try:
        return ContentIn.model_validate_json(body).content
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False, include_input=False)]
        raise RequestValidationError(found) from None


def _unsupported(detail: str) -> HTTPException:
    return HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


def not_modified(live: LiveText, if_none_match: str | None) -> Response | None:
    """The answer to a client that has this text already, as its `If-None-Match` says; None when it has not."""
    if if_none_match is None or not parse_condition(if_none_match).matches_weakly(live.etag):
        return None
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": quoted(live.etag)})


def document_answer(access: DocumentAccess, live: LiveText) -> Response:
    """`DocumentTextOut`, written directly: the model would look at each member twice, and texts are long."""
    members = members_of(access.document)
    members |= {
        "size": live.size,
        "content": live.text,
        "role": access.role,
        "epoch": live.epoch,
        "eol": live.eol,
    }
    return Response(to_json(members), media_type="application/json", headers={"ETag": quoted(live.etag)})


def written_answer(document: Document, live: LiveText) -> Response:
    """`DocumentOut` of a text that was just written, with its ETag."""
    return Response(to_json(members_of(document)), media_type="application/json", headers={"ETag": quoted(live.etag)})


def text_answer(live: LiveText) -> Response:
    """The exact text."""
    return Response(live.text.encode(), media_type="text/markdown; charset=utf-8", headers={"ETag": quoted(live.etag)})


def without_body(answer: Response) -> Response:
    """What `HEAD` answers: the same headers, the length too."""
    answer.body = b""
    return answer
