"""Ceremonies of WebAuthn, in the JSON forms of the browser's API. Knows no database.

fido2 checks the type, the challenge, the origin, the domain's hash, the flags for presence and verification, and the signature. The
rest stands here: which algorithms, that no frame of another site asked, whose passkey it says it is, and the counter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from mdreader.features.accounts.errors import PasskeyRefusedError, PasskeysUnavailableError
from mdreader.features.accounts.public_address import passkey_domain

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AuthenticatorData, CollectedClientData

NAME: Final = "mdreader"
ALGORITHMS: Final = (-7, -8, -257)  # ES256, EdDSA, RS256: what every authenticator has one of


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What is kept of a passkey. `credential` is WebAuthn's attested credential data."""

    credential_id: bytes
    credential: bytes
    sign_count: int
    synced: bool


@dataclass(frozen=True, slots=True)
class Use:
    """What a passkey said of itself when it was used."""

    sign_count: int
    synced: bool


def begin_creation(
    base: str, *, user_id: str, email: str, name: str, known: Iterable[bytes]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """`PublicKeyCredentialCreationOptionsJSON` and the state to keep. `known` credentials make no second one on their device."""
    from fido2.webauthn import (
        PublicKeyCredentialDescriptor,
        PublicKeyCredentialType,
        PublicKeyCredentialUserEntity,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options, state = _server(base).register_begin(
        PublicKeyCredentialUserEntity(id=UUID(user_id).bytes, name=email, display_name=name),
        [PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=one) for one in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _json(options.public_key), dict(state)


def finish_creation(base: str, state: Mapping[str, Any], response: Mapping[str, Any]) -> NewPasskey:
    """Check a `RegistrationResponseJSON`. Raises `PasskeyRefusedError`."""
    from fido2.webauthn import AttestedCredentialData, RegistrationResponse

    try:
        parsed = RegistrationResponse.from_dict(response)
        _check_frame(parsed.response.client_data)
        data = _server(base).register_complete(state, parsed)
        if not isinstance(data.credential_data, AttestedCredentialData):
            raise PasskeyRefusedError
        if data.credential_data.public_key[3] not in ALGORITHMS or parsed.raw_id != data.credential_data.credential_id:
            raise PasskeyRefusedError
        return NewPasskey(data.credential_data.credential_id, bytes(data.credential_data), data.counter, _synced(data))
    except Exception as error:  # whatever hostile bytes trip: it is not a passkey of this ceremony
        raise PasskeyRefusedError from error


def begin_sign_in(base: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """`PublicKeyCredentialRequestOptionsJSON` for any passkey of this site, and the state to keep."""
    from fido2.webauthn import UserVerificationRequirement

    options, state = _server(base).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return _json(options.public_key), dict(state)


def credential_id_of(response: Mapping[str, Any]) -> bytes:
    """Which passkey an `AuthenticationResponseJSON` speaks of. Raises `PasskeyRefusedError`."""
    from fido2.webauthn import AuthenticationResponse

    try:
        return AuthenticationResponse.from_dict(response).raw_id
    except Exception as error:
        raise PasskeyRefusedError from error


def finish_sign_in(
    base: str,
    state: Mapping[str, Any],
    response: Mapping[str, Any],
    *,
    credential: bytes,
    user_id: str,
    sign_count: int,
) -> Use:
    """Check an `AuthenticationResponseJSON` against the stored passkey. Raises `PasskeyRefusedError`."""
    from fido2.webauthn import AttestedCredentialData, AuthenticationResponse

    try:
        parsed = AuthenticationResponse.from_dict(response)
        _check_frame(parsed.response.client_data)
        _server(base).authenticate_complete(state, [AttestedCredentialData(credential)], parsed)
        data = parsed.response.authenticator_data
        handle = parsed.response.user_handle
    except Exception as error:
        raise PasskeyRefusedError from error
    if handle != UUID(user_id).bytes:
        raise PasskeyRefusedError
    # Passkeys that several devices share do not count. One that counts and did not count on was copied.
    if (data.counter or sign_count) and data.counter <= sign_count:
        raise PasskeyRefusedError(
            "This passkey was used by another device that keeps a copy. Log in another way and remove it."
        )
    return Use(data.counter, _synced(data))


def _server(base: str) -> "Fido2Server":
    from fido2.server import Fido2Server
    from fido2.webauthn import (
        PublicKeyCredentialParameters,
        PublicKeyCredentialRpEntity,
        PublicKeyCredentialType,
    )

    domain = passkey_domain(base)
    if domain is None:
        raise PasskeysUnavailableError
    origin = _origin(base)
    server = Fido2Server(PublicKeyCredentialRpEntity(id=domain, name=NAME), verify_origin=lambda it: it == origin)
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=alg) for alg in ALGORITHMS
    ]
    return server


def _origin(base: str) -> str:
    parts = urlsplit(base.lower())
    return f"{parts.scheme}://{parts.netloc}"


def _check_frame(client_data: "CollectedClientData") -> None:
    if client_data.cross_origin:
        raise PasskeyRefusedError


def _synced(data: "AuthenticatorData") -> bool:
    return bool(data.flags & data.FLAG.BACKUP_STATE)


def _json(options: Any) -> dict[str, Any]:
    made = _plain(options)
    assert isinstance(made, dict)  # noqa: S101 - options are objects
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping) or hasattr(value, "keys"):
        return {key: _plain(value[key]) for key in value}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value
