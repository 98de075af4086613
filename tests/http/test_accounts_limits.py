"""How often one may guess, and who "one" is."""

from ipaddress import ip_network

import httpx
import pytest
from fastapi import FastAPI

from mdreader.adapters import rate_limits_local
from mdreader.features.accounts import limits
from mdreader.features.accounts.limits import address_key
from mdreader.ports.rate_limits import Limit
from mdreader.settings import Settings
from support.http import PASSWORD, Person, connect, signed_up

WRONG = "Wrong-password-1"


async def log_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD, **headers: str) -> int:
    response = await client.post("/api/auth/login", json={"email": email, "password": password}, headers=headers)
    if response.status_code == 429:
        assert response.json()["code"] == "too_many_requests"
        assert 0 < int(response.headers["retry-after"]) <= 3600
    return response.status_code


@pytest.fixture
def few_by_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit by address, small enough to reach quickly."""
    monkeypatch.setattr(limits, "LOGIN_BY_ADDRESS", Limit("login_address", 3, 900))


def test_the_limits() -> None:
    assert (limits.LOGIN_BY_ACCOUNT.count, limits.LOGIN_BY_ACCOUNT.seconds) == (10, 900)
    assert (limits.LOGIN_BY_ADDRESS.count, limits.LOGIN_BY_ADDRESS.seconds) == (100, 900)
    assert (limits.SIGNUP_BY_ACCOUNT.count, limits.SIGNUP_BY_ACCOUNT.seconds) == (10, 3600)
    assert (limits.SIGNUP_BY_ADDRESS.count, limits.SIGNUP_BY_ADDRESS.seconds) == (100, 3600)


async def test_ten_failures_close_an_account_to_guessing_from_anywhere(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada, grace = await signed_up(client), await signed_up(client)
    assert [await log_in(client, ada.email, WRONG) for _ in range(11)] == [401] * 10 + [429]
    async with connect(app, address="203.0.113.9") as elsewhere:
        assert await log_in(elsewhere, ada.email.upper()) == 429  # the right password too: nothing may be learnt
        assert await log_in(elsewhere, grace.email) == 200
    assert (await client.get("/api/me", headers=ada.headers)).status_code == 200  # who is in stays in


async def test_an_unknown_account_is_limited_just_the_same(client: httpx.AsyncClient) -> None:
    assert [await log_in(client, "nobody@example.org", WRONG) for _ in range(11)] == [401] * 10 + [429]


async def test_a_success_forgets_the_accounts_failures(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    for _ in range(2):
        assert [await log_in(client, ada.email, WRONG) for _ in range(9)] == [401] * 9
        assert await log_in(client, ada.email) == 200


async def test_guessing_the_current_password_counts_too(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    change = {"current_password": WRONG, "new_password": "another long passphrase"}
    statuses = [
        (await client.post("/api/auth/password", json=change, headers=ada.headers)).status_code for _ in range(11)
    ]
    assert statuses == [403] * 10 + [429]


async def test_a_change_of_password_forgives_nobody_elses_guesses(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    assert [await log_in(client, ada.email, WRONG) for _ in range(9)] == [401] * 9
    change = {"current_password": PASSWORD, "new_password": "another long passphrase"}
    assert (await client.post("/api/auth/password", json=change, headers=ada.headers)).status_code == 204
    assert [await log_in(client, ada.email, WRONG) for _ in range(2)] == [401, 429]


@pytest.mark.usefixtures("few_by_address")
async def test_failures_by_address_over_many_accounts(client: httpx.AsyncClient, app: FastAPI) -> None:
    ada = await signed_up(client)
    assert [await log_in(client, f"{n}@example.org", WRONG) for n in range(4)] == [401, 401, 401, 429]
    assert await log_in(client, ada.email) == 429
    async with connect(app, address="203.0.113.9") as elsewhere:
        assert await log_in(elsewhere, ada.email) == 200


@pytest.mark.usefixtures("few_by_address")
async def test_successes_do_not_count_by_address_and_do_not_wash_failures_away(client: httpx.AsyncClient) -> None:
    ada = await signed_up(client)
    assert [await log_in(client, ada.email) for _ in range(6)] == [200] * 6
    assert [await log_in(client, "a@example.org", WRONG) for _ in range(2)] == [401, 401]
    assert [await log_in(client, ada.email) for _ in range(3)] == [200] * 3
    assert [await log_in(client, "a@example.org", WRONG) for _ in range(2)] == [401, 429]


async def test_sign_ups_by_address(client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGNUP_BY_ADDRESS", Limit("signup_address", 2, 3600))
    ada: Person = await signed_up(client)
    body = {"email": ada.email, "password": PASSWORD, "name": "Ada"}
    statuses = [(await client.post("/api/auth/signup", json=body)).status_code for _ in range(2)]
    assert statuses == [409, 429]  # looking for addresses that are taken is limited as well
    async with connect(app, address="203.0.113.9") as elsewhere:
        assert (await elsewhere.post("/api/auth/signup", json=body)).status_code == 409


async def test_sign_ups_by_account_from_anywhere(client: httpx.AsyncClient, app: FastAPI) -> None:
    """Nobody learns by it whether there is an account: one that is taken and one that is not are counted alike."""
    taken: Person = await signed_up(client)
    for email in (taken.email, "free@example.org"):
        statuses = []
        for number in range(12):
            body = {"email": email.upper() if number % 2 else email, "password": "weak", "name": "Mallory"}
            async with connect(app, address=f"203.0.113.{number}") as somewhere:
                statuses.append((await somewhere.post("/api/auth/signup", json=body)).status_code)
        counted = 9 if email == taken.email else 10  # hers was one
        assert statuses == [422] * counted + [429] * (12 - counted)
    assert (await signed_up(client)).email != taken.email


@pytest.mark.usefixtures("few_by_address")
async def test_without_a_named_proxy_a_forwarded_address_is_a_lie(client: httpx.AsyncClient) -> None:
    statuses = [
        await log_in(client, f"{n}@example.org", WRONG, **{"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(4)
    ]
    assert statuses == [401, 401, 401, 429]


@pytest.mark.usefixtures("few_by_address")
class TestBehindAProxy:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"trusted_proxies": (ip_network("10.0.0.0/8"),)})

    async def test_each_client_of_the_proxy_counts_for_itself(self, app: FastAPI) -> None:
        async with connect(app, address="10.0.0.2") as proxy:
            one = [await log_in(proxy, f"a{n}@x.org", WRONG, **{"X-Forwarded-For": "203.0.113.1"}) for n in range(4)]
            two = [await log_in(proxy, f"b{n}@x.org", WRONG, **{"X-Forwarded-For": "203.0.113.2"}) for n in range(4)]
        assert one == two == [401, 401, 401, 429]

    async def test_a_client_cannot_put_another_address_before_its_own(self, app: FastAPI) -> None:
        async with connect(app, address="10.0.0.2") as proxy:
            statuses = [
                await log_in(proxy, f"a{n}@x.org", WRONG, **{"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.1"})
                for n in range(4)
            ]
        assert statuses == [401, 401, 401, 429]


def test_an_ipv6_household_is_one_client() -> None:
    assert address_key("2001:db8:1:2:3:4:5:6") == address_key("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert address_key("2001:db8:1:3::1") != address_key("2001:db8:1:2::1")
    assert address_key("203.0.113.9") == "203.0.113.9"
    assert address_key("testclient") == "testclient"


async def test_the_wait_ends(client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await signed_up(client)
    assert [await log_in(client, ada.email, WRONG) for _ in range(11)][-1] == 429
    port, clock = app.state.runtime.rate_limits, app.state.runtime.clock
    if isinstance(port, rate_limits_local.LocalRateLimits):
        later = port._now() + 901
        monkeypatch.setattr(port, "_now", lambda: later)
    else:  # in the database, by the clock that several servers share
        moved = clock.now() + 901_000
        monkeypatch.setattr(clock, "now", lambda: moved)
    assert await log_in(client, ada.email) == 200
