"""Ways in that the pool knows nothing of, and its own pages."""

from collections.abc import AsyncIterator

import httpx
import pyotp
import pytest
from fastapi import FastAPI

from mdreader.adapters.aws import Aws
from mdreader.features.accounts import queries
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.second_factor import queries as factors
from mdreader.features.accounts.second_factor import totp
from mdreader.features.accounts.signing_in import begin_session
from mdreader.kernel.ids import new_id
from mdreader.main import create_app
from mdreader.settings import Settings
from support.accounts import bearer
from support.aws import REGION
from support.cognito import UserPool
from support.cognito_people import EMAIL, log_in, post, settled_there
from support.http import connect
from support.mailbox import newest_mail
from support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, running_provider


async def test_a_magic_link_lets_in_who_may(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    user = (await log_in(page))["user"]["id"]
    page.cookies.clear()
    await post(page, "/auth/magic-link", 202, email=EMAIL)
    mail = await newest_mail(app, EMAIL, "magic_link")
    session = await post(page, "/auth/magic-link/confirm?session=cookie", token=mail.token)
    assert session["user"]["id"] == user
    assert (await page.post("/api/auth/refresh")).status_code == 200
    pool.client.admin_disable_user(UserPoolId=pool.pool_id, Username=EMAIL)
    assert (await page.post("/api/auth/refresh")).status_code == 401


async def test_a_magic_link_is_no_way_round(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    await log_in(page)
    made = await post(page, "/me/totp")
    await post(page, "/me/totp/confirm", code=pyotp.TOTP(made["secret"]).now())
    page.cookies.clear()
    await post(page, "/auth/magic-link", 202, email=EMAIL)
    mail = await newest_mail(app, EMAIL, "magic_link")
    refused = await post(page, "/auth/magic-link/confirm?session=cookie", 403, token=mail.token)
    assert refused["code"] == "password_sign_in_required"
    pool.client.admin_disable_user(UserPoolId=pool.pool_id, Username=EMAIL)
    await post(page, "/auth/magic-link", 202, email=EMAIL)
    mail = await newest_mail(app, EMAIL, "magic_link")
    refused = await post(page, "/auth/magic-link/confirm?session=cookie", 401, token=mail.token)
    assert refused["code"] == "invalid_credentials"
    assert "mdreader_access" not in page.cookies


@pytest.fixture(params=["public client", "client with a secret"])
async def hosted(
    request: pytest.FixtureRequest, pool_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[FastAPI, OidcProvider]]:
    """A server whose pool has pages of its own; a provider of the tests' stands for these, as they are OpenID Connect."""
    with running_provider() as provider:
        provider.public = request.param == "public client"
        if not provider.public:
            monkeypatch.setenv("COGNITO_CLIENT_SECRET", CLIENT_SECRET)
        update = {
            "cognito_issuer": provider.url,
            "cognito_domain": provider.url,
            "cognito_client_id": CLIENT_ID,
        }
        made = create_app(pool_settings.model_copy(update=update))
        async with made.router.lifespan_context(made):
            yield made, provider


async def test_single_sign_on(hosted: tuple[FastAPI, OidcProvider], pool: UserPool) -> None:
    app, provider = hosted
    pool.add(EMAIL)
    answer = pool.client.admin_get_user(UserPoolId=pool.pool_id, Username=EMAIL)
    provider.account.subject = answer["Username"]
    provider.claims = {"token_use": "id", "cognito:username": answer["Username"]}
    async with connect(app) as page:
        offered = (await page.get("/api/auth/options")).json()["providers"]
        assert offered == [{"id": "cognito", "name": "Single sign-on"}]
        away = await page.get("/api/auth/oidc/cognito/start?return_to=/notes")
        back = await page.get(provider.agree(away.headers["location"]))
        assert (back.status_code, back.headers["location"]) == (303, "/notes")
        assert (await page.get("/api/me")).json()["email"] == EMAIL
        csrf = {"X-CSRF-Token": page.cookies["mdreader_csrf"]}
        assert (await page.post("/api/auth/refresh", headers=csrf)).status_code == 200
        provider.account.email = "lovelace@example.org"
        away = await page.get("/api/auth/oidc/cognito/start")
        await page.get(provider.agree(away.headers["location"]))
        assert (await page.get("/api/me")).json()["email"] == "lovelace@example.org"
        pool.client.admin_disable_user(UserPoolId=pool.pool_id, Username=EMAIL)
        csrf = {"X-CSRF-Token": page.cookies["mdreader_csrf"]}
        assert (await page.post("/api/auth/refresh", headers=csrf)).status_code == 401
        away = await page.get("/api/auth/oidc/cognito/start")
        back = await page.get(provider.agree(away.headers["location"]))
        assert "error=invalid_credentials" in back.headers["location"]


@pytest.mark.parametrize("shut", ["disabled", "asks for an app"])
async def test_the_pool_is_asked_after_a_second_step_of_our_own_too(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI, shut: str
) -> None:
    """An account that had an app here before the pool came."""
    pool.add(EMAIL)
    user = (await log_in(page))["user"]["id"]
    runtime, secret = app.state.runtime, totp.new_secret()
    async with runtime.database.write() as tx:
        await factors.begin(tx, user, totp.seal(runtime.secret, user, secret), runtime.clock.now())
        await factors.confirm(tx, user, runtime.clock.now())
    if shut == "asks for an app":
        made = await post(page, "/me/totp")
        await post(page, "/me/totp/confirm", code=pyotp.TOTP(made["secret"]).now())
    page.cookies.clear()
    await post(page, "/auth/magic-link", 202, email=EMAIL)
    mail = await newest_mail(app, EMAIL, "magic_link")
    step = await post(page, "/auth/magic-link/confirm?session=cookie", token=mail.token)
    assert step["methods"] == ["totp", "recovery_code"]
    if shut == "disabled":
        pool.client.admin_disable_user(UserPoolId=pool.pool_id, Username=EMAIL)
    code = pyotp.TOTP(secret).now()
    answer = await page.post("/api/auth/mfa?session=cookie", json={"mfa_token": step["mfa_token"], "code": code})
    expected = (401, "invalid_credentials") if shut == "disabled" else (403, "password_sign_in_required")
    assert (answer.status_code, answer.json()["code"]) == expected
    assert "mdreader_access" not in page.cookies


async def test_accounts_of_before_the_pool_come_by_their_password_first(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    """Neither a session nor a mailed link of that time goes past it: whoever left before the pool came is not in it."""
    runtime = app.state.runtime
    async with runtime.database.write() as tx:
        now = runtime.clock.now()
        user = queries.User(new_id(), EMAIL, "Ada", "", now, now)
        await queries.insert_user(
            tx, user_id=user.id, email=EMAIL, name="Ada", password_hash="", now=now, email_verified_at=now
        )
        before = await begin_session(runtime, tx, user, method="password", client=Client("", "", ""))
    await post(page, "/auth/magic-link", 202, email=EMAIL)
    mail = await newest_mail(app, EMAIL, "magic_link")
    refused = await post(page, "/auth/magic-link/confirm?session=cookie", 403, token=mail.token)
    assert refused["code"] == "password_sign_in_required"
    await post(page, "/auth/refresh", 401, refresh_token=before.refresh_token)
    assert (await page.get("/api/me", headers=bearer(before.access_token))).status_code == 401
    pool.add(EMAIL)
    assert (await log_in(page))["user"]["id"] == user.id
    await post(page, "/auth/magic-link", 202, email=EMAIL)
    mail = await newest_mail(app, EMAIL, "magic_link")
    await post(page, "/auth/magic-link/confirm?session=cookie", token=mail.token)


async def test_keys_end_with_the_account_in_the_pool(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    made = {}
    for email in (EMAIL, "bob@example.org"):
        pool.add(email)
        page.cookies.clear()
        await log_in(page, email=email)
        made[email] = (await post(page, "/keys", 201, name="CI", scope="read"))["key"]
    runtime = app.state.runtime
    statuses = []
    for _ in range(2):
        async with runtime.database.write() as tx:
            await runtime.jobs.enqueue(tx, "accounts.directory_look", {})
        await settled_there(app)
        async with connect(app) as program:
            statuses.append([(await program.get("/api/me", headers=bearer(key))).status_code for key in made.values()])
        pool.client.admin_disable_user(UserPoolId=pool.pool_id, Username=EMAIL)
    assert statuses == [[200, 200], [401, 200]]


async def test_a_pool_that_is_away_ends_no_key(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    await log_in(page)
    key = (await post(page, "/keys", 201, name="CI", scope="read"))["key"]
    runtime = app.state.runtime
    keeper = runtime.directory.sessions
    keeper._client = Aws(REGION, "http://127.0.0.1:9").client("cognito-idp", retries={"total_max_attempts": 1})
    async with runtime.database.write() as tx:
        await runtime.jobs.enqueue(tx, "accounts.directory_look", {})
    await settled_there(app)
    async with connect(app) as program:
        assert (await program.get("/api/me", headers=bearer(key))).status_code == 200
