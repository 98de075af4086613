"""Somebody who signs tokens and publishes keys, as a user pool or a provider does, over real HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from support.http_servers import Quiet, listening

_MADE: Final[dict[str, RSAPrivateKey]] = {}


def private_key(name: str) -> RSAPrivateKey:
    """The key of that name, the same for a whole test run: making one takes a tenth of a second."""
    if name not in _MADE:
        _MADE[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _MADE[name]


class Publisher:
    """Serves the public halves of keys; `asked` counts the questions, `down` answers them with 503."""

    def __init__(self, address: str) -> None:
        self.url = address
        self.asked = 0
        self.down = False
        self.document: object = {"keys": []}

    def publish(self, **keys: RSAPrivateKey) -> None:
        """From now on these, by key id, and no others."""
        self.document = {"keys": [self.public(key_id, key) for key_id, key in keys.items()]}

    @staticmethod
    def public(key_id: str, key: RSAPrivateKey) -> dict[str, Any]:
        """A key as the document names it."""
        described = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {**described, "kid": key_id, "use": "sig", "alg": "RS256"}


@contextmanager
def publisher() -> Iterator[Publisher]:
    """A publisher that listens."""

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked += 1
            body = json.dumps(made.document).encode()
            self.send_response(503 if made.down else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as url:
        made = Publisher(f"{url}/jwks.json")
        yield made
