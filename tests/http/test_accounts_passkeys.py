"""Passkeys, made and used by a software authenticator that also lies."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from mdreader.features.accounts.public_address import passkey_domain
from mdreader.features.mail.layout import as_text
from mdreader.features.mail.templates import content_of
from mdreader.kernel.ids import new_id
from mdreader.settings import Settings
from support.accounts import ask_for_mail, reset_password, verified
from support.authenticator import PRESENT, SYNCED, VERIFIED, Authenticator
from support.clock import moved
from support.http import Person, signed_up
from support.mailbox import mails_to, newest_mail
from support.one_time import app_code

ORIGIN = "https://notes.example.org"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": ORIGIN})


async def begin(client: httpx.AsyncClient, person: Person) -> dict[str, Any]:
    answer = await client.post("/api/me/passkeys/begin", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def finish(
    client: httpx.AsyncClient, person: Person, begun: dict[str, Any], credential: dict[str, Any]
) -> httpx.Response:
    body = {"ceremony": begun["ceremony"], "credential": credential, "name": "Laptop"}
    return await client.post("/api/me/passkeys/finish", json=body, headers=person.headers)


async def made(client: httpx.AsyncClient, person: Person, *, counts: bool = False) -> Authenticator:
    device = Authenticator(ORIGIN, counts=counts)
    begun = await begin(client, person)
    answer = await finish(client, person, begun, device.create(begun["options"]))
    assert answer.status_code == 201, answer.text
    return device


async def sign_in(client: httpx.AsyncClient, device: Authenticator, **lies: Any) -> httpx.Response:
    begun = (await client.post("/api/auth/passkey/begin")).json()
    credential = device.get(begun["options"], **lies)
    return await client.post("/api/auth/passkey/finish", json={"ceremony": begun["ceremony"], "credential": credential})


async def test_a_passkey_signs_in(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada, _grace = await signed_up(client), await signed_up(client)
    await verified(client, app, ada)
    begun = await begin(client, ada)
    options = begun["options"]
    assert options["rp"] == {"id": "notes.example.org", "name": "mdreader"}
    assert options["user"]["name"] == ada.email
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert {one["alg"] for one in options["pubKeyCredParams"]} == {-7, -8, -257}
    device = Authenticator(ORIGIN)
    answer = await finish(client, ada, begun, device.create(options))
    assert answer.status_code == 201
    assert answer.json()["name"] == "Laptop"
    assert answer.json()["synced"] is False
    assert (await newest_mail(app, ada.email, "passkey_added")).data["name"] == "Laptop"
    signed = await sign_in(client, device)
    assert signed.status_code == 200, signed.text
    assert signed.json()["user"] == {"id": ada.id, "email": ada.email, "name": ada.name}
    (listed,) = (await client.get("/api/me/passkeys", headers=ada.headers)).json()["items"]
    assert listed["last_used_at"] is not None
    sessions = (await client.get("/api/me/sessions", headers=ada.headers)).json()["items"]
    assert [one["method"] for one in sessions] == ["passkey", "signup"]


async def test_nobody_writes_to_a_stranger_by_the_name_of_a_passkey(client: httpx.AsyncClient, app: FastAPI) -> None:
    """Anybody may sign up with anybody's address; what they call a passkey must not go there."""
    ada = await signed_up(client)
    await made(client, ada)
    (mail,) = await mails_to(app, ada.email)
    assert mail.template == "passkey_added"
    assert "Laptop" not in as_text(content_of(mail.template, mail.data))
    assert "A passkey can log in" in as_text(content_of(mail.template, mail.data))


async def test_who_resets_a_password_hears_what_else_lets_in(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada = await signed_up(client)
    await verified(client, app, ada)
    await made(client, ada)
    await made(client, ada)
    await ask_for_mail(client, "password_reset", ada.email)
    mail = await newest_mail(app, ada.email, "password_reset")
    assert (await reset_password(client, token=mail.token)).status_code == 204
    notice = await newest_mail(app, ada.email, "password_changed")
    assert "It can still be opened with: 2 passkeys." in as_text(content_of(notice.template, notice.data))


async def test_no_address_is_asked_for_and_none_is_told(client: httpx.AsyncClient) -> None:
    begun = (await client.post("/api/auth/passkey/begin")).json()
    assert begun["options"].get("allowCredentials", []) == []
    assert begun["options"]["userVerification"] == "required"


async def test_a_device_makes_one_for_an_account(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    device = await made(client, ada)
    begun = await begin(client, ada)
    (known,) = begun["options"]["excludeCredentials"]
    assert known["id"] == device.get({"challenge": "x", "rpId": "x"})["id"]
    again = await finish(client, ada, begun, device.create(begun["options"]))
    assert (again.status_code, again.json()["code"]) == (409, "passkey_known")


@pytest.mark.parametrize(
    "lies",
    [
        pytest.param({"origin": "https://evil.example"}, id="another origin"),
        pytest.param({"origin": "https://notes.example.org.evil.example"}, id="an origin that begins alike"),
        pytest.param({"origin": "https://sub.notes.example.org"}, id="a subdomain"),
        pytest.param({"origin": "http://notes.example.org"}, id="without TLS"),
        pytest.param({"origin": "https://notes.example.org:8443"}, id="another port"),
        pytest.param({"cross_origin": True}, id="from a frame of another site"),
        pytest.param({"rp_id": "example.org"}, id="another domain"),
        pytest.param({"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, id="another challenge"),
        pytest.param({"flags": PRESENT}, id="nobody was verified"),
        pytest.param({"flags": VERIFIED}, id="nobody was there"),
        pytest.param({"flags": 0}, id="no flags"),
    ],
)
async def test_lies_are_refused(client: httpx.AsyncClient, lies: dict[str, Any]) -> None:
    ada = await signed_up(client)
    begun = await begin(client, ada)
    refused = await finish(client, ada, begun, Authenticator(ORIGIN).create(begun["options"], **lies))
    assert (refused.status_code, refused.json()["code"]) == (403, "passkey_refused")
    assert (await client.get("/api/me/passkeys", headers=ada.headers)).json() == {"items": []}
    device = await made(client, ada)
    refused = await sign_in(client, device, **lies)
    assert (refused.status_code, refused.json()["code"]) == (403, "passkey_refused")
    assert (await sign_in(client, device)).status_code == 200


async def test_lies_about_what_it_is_for(client: httpx.AsyncClient) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    device, other = await made(client, ada), await made(client, grace)
    assert (await sign_in(client, device, type="webauthn.create")).status_code == 403
    assert (await sign_in(client, device, signature=b"x" * 70)).status_code == 403
    # Another person's passkey under this one's name, and this one's key under the other's handle.
    assert (await sign_in(client, device, user_handle=other.user_handle)).status_code == 403
    assert (await sign_in(client, device, user_handle=b"")).status_code == 403
    thief = Authenticator(ORIGIN, credential_id=device.credential_id, user_handle=device.user_handle)
    assert (await sign_in(client, thief)).status_code == 403
    unknown = Authenticator(ORIGIN, user_handle=device.user_handle)
    assert (await sign_in(client, unknown)).status_code == 403


@pytest.mark.parametrize("public_key", [{3: -65535}, {3: -8}, {3: 99}])
async def test_other_algorithms(client: httpx.AsyncClient, public_key: dict[int, int]) -> None:
    ada = await signed_up(client)
    begun = await begin(client, ada)
    device = Authenticator(ORIGIN)
    answer = await finish(client, ada, begun, device.create(begun["options"], public_key=public_key))
    if answer.status_code == 201:  # an algorithm that we know with another's key: nothing it signs holds
        assert (await sign_in(client, device)).status_code == 403
    else:
        assert answer.json()["code"] == "passkey_refused"


async def test_an_answer_holds_once_and_for_five_minutes(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await signed_up(client)
    device = await made(client, ada)
    begun = (await client.post("/api/auth/passkey/begin")).json()
    body = {"ceremony": begun["ceremony"], "credential": device.get(begun["options"])}
    assert (await client.post("/api/auth/passkey/finish", json=body)).status_code == 200
    replayed = await client.post("/api/auth/passkey/finish", json=body)
    assert (replayed.status_code, replayed.json()["code"]) == (403, "ceremony_expired")
    # Nor under another ceremony.
    other = (await client.post("/api/auth/passkey/begin")).json()
    crossed = await client.post("/api/auth/passkey/finish", json={**body, "ceremony": other["ceremony"]})
    assert crossed.json()["code"] == "passkey_refused"
    late = (await client.post("/api/auth/passkey/begin")).json()
    moved(app.state.runtime.clock, monkeypatch, seconds=5 * 60)
    body = {"ceremony": late["ceremony"], "credential": device.get(late["options"])}
    assert (await client.post("/api/auth/passkey/finish", json=body)).json()["code"] == "ceremony_expired"


async def test_a_ceremony_is_its_persons_and_of_its_kind(client: httpx.AsyncClient) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    begun = await begin(client, ada)
    device = Authenticator(ORIGIN)
    stolen = await finish(client, grace, begun, device.create(begun["options"]))
    assert stolen.json()["code"] == "ceremony_expired"
    known = await made(client, ada)
    begun = await begin(client, ada)
    body = {
        "ceremony": begun["ceremony"],
        "credential": known.get({"rpId": "notes.example.org", "challenge": begun["options"]["challenge"]}),
    }
    assert (await client.post("/api/auth/passkey/finish", json=body)).json()["code"] == "ceremony_expired"


async def test_a_counter_that_does_not_count_on_is_a_copy(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    device = await made(client, ada, counts=True)
    assert (await sign_in(client, device)).status_code == 200
    assert (await sign_in(client, device)).status_code == 200
    device.counter = 1
    copied = await sign_in(client, device)
    assert (copied.status_code, copied.json()["code"]) == (403, "passkey_refused")
    assert "copy" in copied.json()["detail"]
    device.counter = 2
    assert (await sign_in(client, device)).status_code == 200


async def test_a_passkey_that_never_counts_may_be_used_again_and_be_synced_later(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    device = await made(client, ada)
    for _ in range(2):
        assert (await sign_in(client, device)).status_code == 200
    assert (await sign_in(client, device, flags=PRESENT | VERIFIED | SYNCED)).status_code == 200
    assert (await client.get("/api/me/passkeys", headers=ada.headers)).json()["items"][0]["synced"] is True


async def test_a_passkey_is_two_factors_itself(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada = await signed_up(client)
    device = await made(client, ada)
    secret = (await client.post("/api/me/totp", json={}, headers=ada.headers)).json()["secret"]
    code = app_code(secret, app.state.runtime.clock.now())
    assert (await client.post("/api/me/totp/confirm", json={"code": code}, headers=ada.headers)).status_code == 200
    assert "access_token" in (await sign_in(client, device)).json()


async def test_renaming_and_removing(client: httpx.AsyncClient) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    device = await made(client, ada)
    (passkey,) = (await client.get("/api/me/passkeys", headers=ada.headers)).json()["items"]
    path = f"/api/me/passkeys/{passkey['id']}"
    for person, status in ((grace, 404), (ada, 200)):
        assert (await client.patch(path, json={"name": "Phone"}, headers=person.headers)).status_code == status
    assert (await client.delete(path, headers=grace.headers)).status_code == 404
    assert (await client.delete(f"/api/me/passkeys/{new_id()}", headers=ada.headers)).status_code == 404
    assert (await sign_in(client, device)).status_code == 200
    assert (await client.delete(path, headers=ada.headers)).status_code == 204
    assert (await sign_in(client, device)).status_code == 403


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 1},
        {"id": "x", "rawId": "y", "response": {}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA", "signature": "é"}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": None},
        {"rawId": "AA", "response": {"clientDataJSON": "e30", "attestationObject": "AA", "authenticatorData": "AA"}},
    ],
)
async def test_what_is_no_credential(client: httpx.AsyncClient, credential: dict[str, Any]) -> None:
    ada = await signed_up(client)
    refused = await finish(client, ada, await begin(client, ada), credential)
    assert (refused.status_code, refused.json()["code"]) == (403, "passkey_refused")
    begun = (await client.post("/api/auth/passkey/begin")).json()
    body = {"ceremony": begun["ceremony"], "credential": credential}
    assert (await client.post("/api/auth/passkey/finish", json=body)).json()["code"] == "passkey_refused"


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://notes.example.org", "notes.example.org"),
        ("https://notes.example.org:8443/", "notes.example.org"),
        ("http://localhost:8000", "localhost"),
        ("http://notes.example.org", None),
        ("http://127.0.0.1:8000", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]", None),
        ("http://localhost.evil.example", None),
    ],
)
def test_where_browsers_know_passkeys(address: str, domain: str | None) -> None:
    assert passkey_domain(address) == domain
