"""An authenticator app, recovery codes, and every way around them that should not be one."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.exceptions import InvalidTag
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.features.accounts import limits
from mdreader.features.accounts.second_factor import totp
from mdreader.ports.rate_limits import Limit
from support.clock import moved, standing_still
from support.http import PASSWORD, Person, connect, signed_up
from support.mailbox import mails_to, newest_mail
from support.one_time import app_code


class Protected:
    """Somebody with an authenticator app. Each code is for a later step than the last: one works once."""

    def __init__(self, app: FastAPI, person: Person, secret: str, recovery_codes: list[str]) -> None:
        self._app = app
        self.person = person
        self.secret = secret
        self.recovery_codes = recovery_codes

    def code(self, steps: int = 0) -> str:
        return app_code(self.secret, self._app.state.runtime.clock.now(), steps=steps)

    def wrong(self) -> str:
        near = {self.code(steps) for steps in (-2, -1, 0, 1, 2)}
        return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)


async def protected(client: httpx.AsyncClient, app: FastAPI) -> Protected:
    """Set up with the code of the step before, so that the tests have the present one and the next."""
    ada = await signed_up(client)
    begun = await client.post("/api/me/totp", json={}, headers=ada.headers)
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    with standing_still(app.state.runtime.clock) as now:
        body = {"code": app_code(secret, now, steps=-1)}
        confirmed = await client.post("/api/me/totp/confirm", json=body, headers=ada.headers)
    assert confirmed.status_code == 200, confirmed.text
    return Protected(app, ada, secret, confirmed.json()["recovery_codes"])


async def first_step(client: httpx.AsyncClient, person: Person, password: str = PASSWORD) -> dict[str, Any]:
    answer = await client.post("/api/auth/login", json={"email": person.email, "password": password})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def second_step(client: httpx.AsyncClient, token: str, **proof: str) -> httpx.Response:
    return await client.post("/api/auth/mfa", json={"mfa_token": token, **proof})


async def test_setting_it_up(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada = await signed_up(client)
    begun = (await client.post("/api/me/totp", json={}, headers=ada.headers)).json()
    address = urlsplit(begun["uri"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [begun["secret"]], "issuer": ["mdreader"]}
    assert "access_token" in await first_step(client, ada)  # not before the app has shown that it works
    wrong = await client.post("/api/me/totp/confirm", json={"code": "12345"}, headers=ada.headers)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "invalid_code")
    code = app_code(begun["secret"], app.state.runtime.clock.now())
    confirmed = await client.post("/api/me/totp/confirm", json={"code": f"{code[:3]} {code[3:]}"}, headers=ada.headers)
    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert all(len(one) == 11 and one[5] == "-" for one in codes)
    assert (await newest_mail(app, ada.email, "totp_enabled")).data["link"].endswith("/account/security")
    security = (await client.get("/api/me/security", headers=ada.headers)).json()
    assert security["totp"] == {"enabled": True, "recovery_codes_left": 10}
    for path in ("/api/me/totp", "/api/me/totp/confirm"):
        again = await client.post(path, json={"code": code}, headers=ada.headers)
        assert (again.status_code, again.json()["code"]) == (409, "totp_enabled")
    async with app.state.runtime.database.read() as conn:
        stored = (await conn.execute(text("SELECT secret FROM totp_secrets"))).scalar_one()
    assert begun["secret"].encode() not in bytes(stored)
    assert totp.unseal(app.state.runtime.secret, ada.id, bytes(stored)) == begun["secret"]
    with pytest.raises(InvalidTag):
        totp.unseal(app.state.runtime.secret, "somebody else", bytes(stored))


async def test_signing_in_takes_two_steps(client: httpx.AsyncClient, app: FastAPI) -> None:
    her = await protected(client, app)
    step = await first_step(client, her.person)
    assert set(step) == {"mfa_required", "mfa_token", "methods", "expires_in"}
    assert step["methods"] == ["totp", "recovery_code"]
    wrong = await second_step(client, step["mfa_token"], code=her.wrong())
    assert (wrong.status_code, wrong.json()["code"]) == (403, "invalid_code")
    signed = await second_step(client, step["mfa_token"], code=her.code())
    assert signed.json()["user"]["id"] == her.person.id
    used = await second_step(client, step["mfa_token"], code=her.code(1))
    assert used.json()["code"] == "mfa_expired"


async def test_a_code_works_once(client: httpx.AsyncClient, app: FastAPI) -> None:
    her = await protected(client, app)
    code = her.code()
    first = await second_step(client, (await first_step(client, her.person))["mfa_token"], code=code)
    assert first.status_code == 200
    step = await first_step(client, her.person)
    seen = await second_step(client, step["mfa_token"], code=code)  # within its window still
    assert (seen.status_code, seen.json()["code"]) == (403, "invalid_code")
    older = await second_step(client, step["mfa_token"], code=her.code(-1))
    assert older.status_code == 403
    assert (await second_step(client, step["mfa_token"], code=her.code(1))).status_code == 200


async def test_of_one_code_used_twice_at_once_one_counts(client: httpx.AsyncClient, app: FastAPI) -> None:
    her = await protected(client, app)
    tokens = [(await first_step(client, her.person))["mfa_token"] for _ in range(3)]
    code = her.code()
    answers = await asyncio.gather(*(second_step(client, token, code=code) for token in tokens))
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403]


async def test_codes_of_long_ago_or_to_come(client: httpx.AsyncClient, app: FastAPI) -> None:
    her = await protected(client, app)
    step = await first_step(client, her.person)
    for steps in (-3, -2, 3):
        if her.code(steps) not in {her.code(), her.code(1)}:
            assert (await second_step(client, step["mfa_token"], code=her.code(steps))).status_code == 403


async def test_recovery_codes_work_once_each(client: httpx.AsyncClient, app: FastAPI) -> None:
    her = await protected(client, app)
    written = her.recovery_codes[0].upper().replace("-", " ")
    step = await first_step(client, her.person)
    assert (await second_step(client, step["mfa_token"], recovery_code="aaaaa-aaaaa")).status_code == 403
    assert (await second_step(client, step["mfa_token"], recovery_code=written)).status_code == 200
    step = await first_step(client, her.person)
    assert (await second_step(client, step["mfa_token"], recovery_code=written)).json()["code"] == "invalid_code"
    assert (await second_step(client, step["mfa_token"], recovery_code=her.recovery_codes[1])).status_code == 200
    security = (await client.get("/api/me/security", headers=her.person.headers)).json()
    assert security["totp"]["recovery_codes_left"] == 8


async def test_recovery_codes_are_somebodys(client: httpx.AsyncClient, app: FastAPI) -> None:
    her, other = await protected(client, app), await protected(client, app)
    step = await first_step(client, her.person)
    assert (await second_step(client, step["mfa_token"], recovery_code=other.recovery_codes[0])).status_code == 403
    assert (await second_step(client, step["mfa_token"], code=other.code())).status_code == (
        200 if other.code() in {her.code(), her.code(1)} else 403
    )


async def test_new_recovery_codes_end_the_old_ones(client: httpx.AsyncClient, app: FastAPI) -> None:
    her = await protected(client, app)
    path = "/api/me/totp/recovery-codes"
    wrong = await client.post(path, json={"code": her.wrong()}, headers=her.person.headers)
    assert wrong.json()["code"] == "invalid_code"
    renewed = await client.post(path, json={"code": her.code()}, headers=her.person.headers)
    step = await first_step(client, her.person)
    assert (await second_step(client, step["mfa_token"], recovery_code=her.recovery_codes[0])).status_code == 403
    new = renewed.json()["recovery_codes"][0]
    assert (await second_step(client, step["mfa_token"], recovery_code=new)).status_code == 200


async def test_removing_it_takes_a_code(client: httpx.AsyncClient, app: FastAPI) -> None:
    her = await protected(client, app)

    async def remove(**proof: str) -> httpx.Response:
        return await client.request("DELETE", "/api/me/totp", json=proof, headers=her.person.headers)

    assert (await remove()).status_code == 422
    assert (await remove(code=her.wrong())).json()["code"] == "invalid_code"
    assert (await remove(code=her.code())).status_code == 204
    assert "access_token" in await first_step(client, her.person)
    assert (await remove(code=her.code(1))).status_code == 404
    assert "totp_disabled" in [mail.template for mail in await mails_to(app, her.person.email)]


class TestWaysAround:
    async def test_a_magic_link_asks_for_it(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        her = await protected(client, app)
        await client.post("/api/auth/magic-link", json={"email": her.person.email})
        mail = await newest_mail(app, her.person.email, "magic_link")
        answer = await client.post("/api/auth/magic-link/confirm?session=cookie", json={"token": mail.token})
        assert answer.json()["mfa_required"] is True
        assert "set-cookie" not in answer.headers
        signed = await second_step(client, answer.json()["mfa_token"], code=her.code())
        assert signed.status_code == 200
        # A link and the app together: the account's person has this address. Nothing was taken from them.
        headers = {"Authorization": f"Bearer {signed.json()['access_token']}"}
        security = (await client.get("/api/me/security", headers=headers)).json()
        assert security["email_verified"] is True
        assert security["has_password"] is True
        assert (await client.get("/api/me", headers=her.person.headers)).status_code == 200

    async def test_a_reset_signs_nobody_in_and_leaves_it_on(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        her = await protected(client, app)
        await client.post("/api/auth/password/forgot", json={"email": her.person.email})
        mail = await newest_mail(app, her.person.email, "password_reset")
        new = "another long passphrase"
        answer = await client.post("/api/auth/password/reset", json={"token": mail.token, "password": new})
        assert (answer.status_code, answer.content) == (204, b"")
        step = await first_step(client, her.person, new)
        assert step["methods"] == ["totp", "recovery_code"]

    async def test_the_token_of_a_step_is_no_other_token(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        her = await protected(client, app)
        token = (await first_step(client, her.person))["mfa_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/api/me", headers=bearer)).status_code == 401
        assert (await client.get("/api/me", headers={"Cookie": f"mdreader_access={token}"})).status_code == 401
        assert (await client.post("/api/auth/refresh", json={"refresh_token": token})).status_code == 401
        for path, body in (
            ("/api/auth/magic-link/confirm", {"token": token}),
            ("/api/auth/password/reset", {"token": token, "password": PASSWORD}),
            ("/api/auth/verify", {"token": token, "password": PASSWORD}),
        ):
            assert (await client.post(path, json=body)).json()["code"] == "invalid_link"
        for other in (her.person.access_token[:100], her.person.refresh_token, "x", ""):
            assert (await second_step(client, other, code=her.code())).json()["code"] == "mfa_expired"

    async def test_a_session_alone_sets_nothing_up_later(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At an unlocked computer, a quarter of an hour after the sign-in."""
        ada = await signed_up(client)
        clock = app.state.runtime.clock
        moved = clock.now() + 15 * 60 * 1000 - 1
        monkeypatch.setattr(clock, "now", lambda: moved + 2)
        refreshed = (await client.post("/api/auth/refresh", json={"refresh_token": ada.refresh_token})).json()
        headers = {"Authorization": f"Bearer {refreshed['access_token']}"}
        for path in ("/api/me/totp", "/api/me/passkeys/begin"):
            answer = await client.post(path, json={}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_required")
            assert answer.json()["has_password"] is True
        wrong = await client.post("/api/me/totp", json={"password": "Wrong-password-1"}, headers=headers)
        assert wrong.json()["code"] == "wrong_password"
        assert (await client.post("/api/me/totp", json={"password": PASSWORD}, headers=headers)).status_code == 200


class TestGuessing:
    async def test_five_tries_a_sign_in(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        her = await protected(client, app)
        token = (await first_step(client, her.person))["mfa_token"]
        codes = [(await second_step(client, token, code=her.wrong())).json()["code"] for _ in range(5)]
        assert codes == ["invalid_code"] * 5
        assert (await second_step(client, token, code=her.code())).json()["code"] == "mfa_expired"

    async def test_many_tries_at_once_are_five(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        her = await protected(client, app)
        token = (await first_step(client, her.person))["mfa_token"]
        answers = await asyncio.gather(*(second_step(client, token, code=her.wrong()) for _ in range(12)))
        said = sorted(answer.json()["code"] for answer in answers)
        assert said == ["invalid_code"] * 5 + ["mfa_expired"] * 7

    async def test_who_knows_the_password_gets_twenty_a_day(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        her = await protected(client, app)
        statuses = []
        for _ in range(5):
            token = (await first_step(client, her.person))["mfa_token"]
            statuses += [(await second_step(client, token, code=her.wrong())).status_code for _ in range(5)]
        assert statuses == [403] * 20 + [429] * 5
        async with connect(app, address="203.0.113.9") as elsewhere:
            token = (await first_step(elsewhere, her.person))["mfa_token"]
            assert (await second_step(elsewhere, token, code=her.code())).status_code == 429
            # Whom somebody else closed it to comes in by a recovery code.
            answer = await second_step(elsewhere, token, recovery_code=her.recovery_codes[0])
            assert answer.status_code == 200

    async def test_by_address_over_many_accounts(
        self, client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "CODES_BY_ADDRESS", Limit("codes_address", 2, 900))
        her, him = await protected(client, app), await protected(client, app)
        statuses = []
        for one in (her, him, her):
            token = (await first_step(client, one.person))["mfa_token"]
            statuses.append((await second_step(client, token, code=one.wrong())).status_code)
        assert statuses == [403, 403, 429]

    async def test_a_stolen_session_cannot_guess_it_away(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        her = await protected(client, app)
        statuses = [
            (
                await client.request("DELETE", "/api/me/totp", json={"code": her.wrong()}, headers=her.person.headers)
            ).status_code
            for _ in range(21)
        ]
        assert statuses == [403] * 20 + [429]


@pytest.mark.parametrize("how", ["a new password", "signing out everywhere"])
async def test_what_ends_sessions_ends_those_that_are_half_begun(
    client: httpx.AsyncClient, app: FastAPI, how: str
) -> None:
    """Somebody who learnt the password stands before the second step."""
    her = await protected(client, app)
    token = (await first_step(client, her.person))["mfa_token"]
    if how == "a new password":
        change = {"current_password": PASSWORD, "new_password": "another long passphrase"}
        done = await client.post("/api/auth/password", json=change, headers=her.person.headers)
    else:
        done = await client.delete("/api/me/sessions", headers=her.person.headers)
    assert done.status_code == 204
    assert (await second_step(client, token, code=her.code())).json()["code"] == "mfa_expired"


async def test_a_step_holds_for_ten_minutes(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    her = await protected(client, app)
    token = (await first_step(client, her.person))["mfa_token"]
    moved(app.state.runtime.clock, monkeypatch, seconds=10 * 60)
    assert (await second_step(client, token, code=her.code())).json()["code"] == "mfa_expired"
