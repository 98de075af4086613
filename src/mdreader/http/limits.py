"""How large a request's body may be, by where it goes. Sizes in bytes."""

import re

from mdreader.ports.blobs import MOST_BYTES
from mdreader.runtime import Policy

SMALL = 1_000_000
IMPORT = 25_000_000
# What a signed address leads to: it says itself how many bytes it takes, and the route counts them.
BLOBS = "/api/blobs/"
# JSON may write a letter of two bytes as \\u00e9: three times the document, and room for the other fields.
_JSON_GROWTH = 3
_ENVELOPE = 64_000

_IMPORT_PATH = re.compile(r"/api/workspaces/[^/]+/import/?")
_DOCUMENT_PATH = re.compile(r"/api/(?:workspaces/[^/]+/documents|documents/[^/]+/content)/?")


def body_limit(path: str, policy: Policy) -> int:
    """The most bytes that a request to `path` may carry."""
    document = policy.max_document_bytes * _JSON_GROWTH + _ENVELOPE
    if _DOCUMENT_PATH.fullmatch(path):
        return document
    if _IMPORT_PATH.fullmatch(path):
        return max(IMPORT, document)
    if path.startswith(BLOBS):
        return MOST_BYTES
    return SMALL
