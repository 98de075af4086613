"""A software authenticator: makes and uses passkeys as a device does, and lies on request."""

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

PRESENT, VERIFIED, SYNCED, ATTESTED = 0x01, 0x04, 0x18, 0x40


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class Authenticator:
    """One passkey on one device. Its answers are what `credential.toJSON()` gives."""

    origin: str
    counter: int = 0
    counts: bool = False
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    user_handle: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        self.user_handle = decode(options["user"]["id"])
        public = dict(ES256.from_cryptography_key(self.key.public_key()))  # type: ignore[no-untyped-call]
        public.update(lies.get("public_key", {}))
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cbor.encode(public)
        data = self._data(lies.get("rp_id", options["rp"]["id"]), lies.get("flags", PRESENT | VERIFIED) | ATTESTED)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data + attested})
        client = self._client("webauthn.create", {"challenge": options["challenge"], **lies})
        return self._credential(
            {"clientDataJSON": encode(client), "attestationObject": encode(attestation), "transports": ["internal"]}
        )

    def get(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.get`."""
        self.counter += self.counts
        data = self._data(lies.get("rp_id", options["rpId"]), lies.get("flags", PRESENT | VERIFIED))
        client = self._client("webauthn.get", {"challenge": options["challenge"], **lies})
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": encode(client),
                "authenticatorData": encode(data),
                "signature": encode(lies.get("signature", signature)),
                "userHandle": encode(lies.get("user_handle", self.user_handle)),
            }
        )

    def _client(self, kind: str, said: dict[str, Any]) -> bytes:
        data = {
            "type": said.get("type", kind),
            "challenge": said["challenge"],
            "origin": said.get("origin", self.origin),
            "crossOrigin": said.get("cross_origin", False),
        }
        return json.dumps(data).encode()

    def _data(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.counter)

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = encode(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }
