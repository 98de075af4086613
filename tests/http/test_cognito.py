"""The same sign-in with a Cognito user pool behind it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mdreader.adapters.aws import Aws
from mdreader.features.accounts import queries
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.signing_in import begin_session
from mdreader.kernel.ids import new_id
from mdreader.main import create_app
from mdreader.settings import Settings
from support.aws import REGION
from support.cognito import PASSWORD, UserPool, new_pool
from support.http import connect
from support.keys import private_key
from support.mailbox import newest_mail
from support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider, running_provider

EMAIL = "ada@example.org"
OTHER_PASSWORD = "Another-horse-2"


@pytest.fixture
def pool(cognito: str, aws_credentials: None) -> UserPool:
    return new_pool(cognito)


@pytest.fixture
def pool_settings(settings: Settings, pool: UserPool) -> Settings:
    return settings.model_copy(
        update={
            "identity": "cognito",
            "aws_endpoint_url": pool.endpoint,
            "cognito_user_pool_id": pool.pool_id,
            "cognito_client_id": pool.client_id,
            "cognito_issuer": pool.issuer,
        }
    )


@pytest.fixture
async def app(pool_settings: Settings) -> AsyncIterator[FastAPI]:
    made = create_app(pool_settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def page(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the page: cookies, and the CSRF value with each request."""

    async def prove(request: httpx.Request) -> None:
        if "mdreader_csrf" in made.cookies:
            request.headers["X-CSRF-Token"] = made.cookies["mdreader_csrf"]

    async with connect(app, event_hooks={"request": [prove]}) as made:
        yield made


async def post(client: httpx.AsyncClient, path: str, expected: int = 200, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/api{path}", json=body)
    assert answer.status_code == expected, answer.text
    return dict(answer.json()) if answer.content else {}


async def log_in(client: httpx.AsyncClient, expected: int = 200, *, password: str = PASSWORD) -> dict[str, Any]:
    return await post(client, "/auth/login?session=cookie", expected, email=EMAIL, password=password)


async def settled_there(app: FastAPI) -> None:
    """Wait until the directory was told of everything that happened here."""
    waiting = text("SELECT count(*) FROM jobs WHERE kind LIKE 'accounts.%' AND finished_at IS NULL")
    async with asyncio.timeout(20):
        while True:
            async with app.state.runtime.database.read() as conn:
                if (await conn.execute(waiting)).scalar_one() == 0:
                    return
            await asyncio.sleep(0.02)


def directory_login(pool: UserPool) -> dict[str, str]:
    """Tokens that the pool gives to some other program of the same person."""
    answer = pool.client.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": PASSWORD},
    )
    return dict(answer["AuthenticationResult"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# ---- from sign-up to log-in ----


async def test_sign_up_with_the_code_that_the_pool_mails(page: httpx.AsyncClient, pool: UserPool) -> None:
    options = (await page.get("/api/auth/options")).json()
    assert (options["email_verification"], options["providers"]) == ("required", [])
    body = {"email": EMAIL, "password": PASSWORD, "name": "Ada Lovelace"}
    step = await post(page, "/auth/signup?session=cookie", 202, **body)
    assert step["methods"] == ["email_code"]
    assert "mdreader_access" not in page.cookies
    code = pool.code_for(EMAIL)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = await post(page, "/auth/mfa?session=cookie", 403, mfa_token=step["mfa_token"], code=wrong)
    assert refused["code"] == "invalid_code"
    session = await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=f"{code[:3]} {code[3:]}")
    assert (session["user"]["email"], session["user"]["name"]) == (EMAIL, "Ada Lovelace")
    me = (await page.get("/api/me")).json()
    assert me["email"] == EMAIL
    again = await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code=code)
    assert again["code"] == "mfa_expired"


async def test_an_address_that_is_taken_is_answered_the_same(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    step = await post(page, "/auth/signup", 202, email=EMAIL, password=OTHER_PASSWORD, name="Mallory")
    assert step["methods"] == ["email_code"]
    refused = await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code="123456")
    assert refused["code"] == "invalid_code"


async def test_who_signs_up_again_before_the_code_came_gets_another(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    pool.code_for(EMAIL)
    step = await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    await settled_there(app)
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=pool.code_for(EMAIL))


async def test_a_first_time_that_comes_several_times_at_once(app: FastAPI, pool: UserPool) -> None:
    pool.add(EMAIL)
    tokens = [directory_login(pool)["AccessToken"] for _ in range(2)]

    async def by_password() -> Any:
        async with connect(app) as one:
            return (await post(one, "/auth/login", email=EMAIL, password=PASSWORD))["user"]["id"]

    async def by_token(token: str) -> Any:
        async with connect(app, headers=bearer(token)) as one:
            answer = await one.get("/api/me")
            assert answer.status_code == 200, answer.text
            return answer.json()["id"]

    found = await asyncio.gather(*(by_password() for _ in range(4)), *map(by_token, [*tokens, *tokens]))
    assert len(set(found)) == 1


async def test_codes_are_tried_five_times(page: httpx.AsyncClient, pool: UserPool) -> None:
    step = await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    code = pool.code_for(EMAIL)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert (await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code=wrong))["code"] == "invalid_code"
    over = await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code=code)
    assert over["code"] == "mfa_expired"


async def test_who_never_confirmed_is_asked_at_log_in_for_a_new_code(page: httpx.AsyncClient, pool: UserPool) -> None:
    await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    pool.code_for(EMAIL)
    step = await log_in(page)
    assert step["methods"] == ["email_code"]
    pool.code_for(EMAIL)
    await post(page, "/auth/mfa/resend", 202, mfa_token=step["mfa_token"])
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=pool.code_for(EMAIL))
    assert (await page.get("/api/me")).status_code == 200


async def test_log_in_refresh_and_log_out(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    refused = await log_in(page, 401, password="Wrong-horse-1")
    assert refused["code"] == "invalid_credentials"
    first = (await log_in(page))["user"]["id"]
    assert (await page.post("/api/auth/refresh")).status_code == 200
    assert (await page.post("/api/auth/logout")).status_code == 204
    assert (await page.get("/api/me")).status_code == 401
    await settled_there(app)
    assert (await log_in(page))["user"]["id"] == first  # the same local account


async def test_who_may_no_longer_there_may_no_longer_here(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    await log_in(page)
    pool.client.admin_user_global_sign_out(UserPoolId=pool.pool_id, Username=EMAIL)
    answer = await page.post("/api/auth/refresh")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_refresh_token")
    assert (await page.get("/api/me")).status_code == 401


async def test_a_pool_that_is_away_ends_no_session(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    await log_in(page)
    keeper = app.state.runtime.directory.sessions
    reachable = keeper._client
    keeper._client = Aws(REGION, "http://127.0.0.1:9").client("cognito-idp", retries={"total_max_attempts": 1})
    assert (await page.post("/api/auth/refresh")).status_code == 503
    assert (await page.get("/api/me")).status_code == 200
    keeper._client = reachable
    assert (await page.post("/api/auth/refresh")).status_code == 200


# ---- passwords and second factor ----


async def test_a_forgotten_password(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    await log_in(page)
    await post(page, "/auth/password/forgot", 202, email="nobody@example.org")
    await post(page, "/auth/password/forgot", 202, email=EMAIL)
    code = pool.code_for(EMAIL)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refused = await post(page, "/auth/password/reset", 403, email=EMAIL, code=wrong, password=OTHER_PASSWORD)
    assert refused["code"] == "invalid_code"
    await post(page, "/auth/password/reset", 204, email=EMAIL, code=code, password=OTHER_PASSWORD)
    assert (await page.get("/api/me")).status_code == 401  # every session ended
    page.cookies.clear()
    await log_in(page, 401)
    await log_in(page, password=OTHER_PASSWORD)


async def test_codes_of_an_app(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    await log_in(page)
    made = await post(page, "/me/totp")
    assert made["uri"].startswith("otpauth://totp/")
    authenticator = pyotp.TOTP(made["secret"])
    assert (await post(page, "/me/totp/confirm", 403, code="000000"))["code"] == "invalid_code"
    assert await post(page, "/me/totp/confirm", code=authenticator.now()) == {"recovery_codes": []}
    page.cookies.clear()
    step = await log_in(page)
    assert step["methods"] == ["totp"]
    assert "mdreader_access" not in page.cookies
    await post(page, "/auth/mfa?session=cookie", 403, mfa_token=step["mfa_token"], code="00000x")
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=authenticator.now())
    removed = await page.request("DELETE", "/api/me/totp", json={"code": authenticator.now()})
    assert removed.status_code == 204, removed.text
    page.cookies.clear()
    assert "user" in await log_in(page)


async def test_a_strangers_guesses_do_not_lock_the_owners_app(page: httpx.AsyncClient, pool: UserPool) -> None:
    pool.add(EMAIL)
    await log_in(page)
    made = await post(page, "/me/totp")
    await post(page, "/me/totp/confirm", code=pyotp.TOTP(made["secret"]).now())
    page.cookies.clear()
    for _ in range(4):
        step = await post(page, "/auth/signup", 202, email=EMAIL, password=OTHER_PASSWORD, name="Mallory")
        for _ in range(5):
            await post(page, "/auth/mfa", 403, mfa_token=step["mfa_token"], code="000000")
    step = await log_in(page)
    await post(page, "/auth/mfa?session=cookie", mfa_token=step["mfa_token"], code=pyotp.TOTP(made["secret"]).now())


async def test_a_step_of_one_server_means_nothing_without_its_secret(app: FastAPI, page: httpx.AsyncClient) -> None:
    await post(page, "/auth/signup", 202, email=EMAIL, password=PASSWORD, name="Ada")
    async with app.state.runtime.database.read() as conn:
        stored = (await conn.execute(text("SELECT data FROM challenges"))).scalar_one()
    assert PASSWORD not in stored
    assert EMAIL not in stored


# ---- the local account ----


async def test_a_confirmed_address_takes_the_local_account_from_whoever_made_it(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    runtime = app.state.runtime
    async with runtime.database.write() as tx:
        squatter = queries.User(new_id(), EMAIL, "Squatter", "hash", runtime.clock.now())
        await queries.insert_user(
            tx, user_id=squatter.id, email=EMAIL, name="Squatter", password_hash="hash", now=squatter.created_at
        )
        theirs = await begin_session(runtime, tx, squatter, method="signup", client=Client("", "", ""))
    pool.add(EMAIL)
    assert (await log_in(page))["user"]["id"] == squatter.id
    async with connect(app) as stranger:
        assert (await stranger.get("/api/me", headers=bearer(theirs.access_token))).status_code == 401


async def test_an_address_that_the_pool_has_not_confirmed_takes_nothing(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    runtime = app.state.runtime
    async with runtime.database.write() as tx:
        await queries.insert_user(
            tx, user_id=new_id(), email=EMAIL, name="Owner", password_hash="", now=1, email_verified_at=1
        )
    pool.add(EMAIL, verified=False)
    assert (await log_in(page, 403))["code"] == "email_unverified"


async def test_nobody_new_comes_in_when_sign_up_is_closed(pool_settings: Settings, pool: UserPool) -> None:
    app = create_app(pool_settings.model_copy(update={"signup": "closed"}))
    async with app.router.lifespan_context(app), connect(app) as page:
        pool.add("first@example.org")
        # The first account may always be made.
        await post(page, "/auth/login", email="first@example.org", password=PASSWORD)
        pool.add(EMAIL)
        assert (await log_in(page, 403))["code"] == "signup_closed"
        direct = await page.get("/api/me", headers=bearer(directory_login(pool)["AccessToken"]))
        assert (direct.status_code, direct.json()["code"]) == (403, "signup_closed")


# ---- tokens of the pool's own ----


async def test_a_program_may_bring_the_pools_own_access_token(app: FastAPI, pool: UserPool) -> None:
    pool.add(EMAIL, name="Ada Lovelace")
    token = directory_login(pool)["AccessToken"]
    async with connect(app, headers=bearer(token)) as program:
        me = (await program.get("/api/me")).json()
        assert (me["email"], me["name"]) == (EMAIL, "Ada Lovelace")
        assert (await program.post("/api/workspaces", json={"name": "Team"})).status_code == 201
        sessions = (await program.get("/api/me/sessions")).json()["items"]
        assert [(one["current"], one["method"]) for one in sessions] == [(True, "directory")]


async def test_an_identity_token_opens_nothing(app: FastAPI, pool: UserPool) -> None:
    pool.add(EMAIL)
    async with connect(app, headers=bearer(directory_login(pool)["IdToken"])) as program:
        assert (await program.get("/api/me")).status_code == 401


async def test_a_forged_token_opens_nothing(app: FastAPI, pool: UserPool) -> None:
    pool.add(EMAIL)
    claims = jwt.decode(directory_login(pool)["AccessToken"], options={"verify_signature": False})
    forged = [
        jwt.encode(claims, private_key("stranger"), algorithm="RS256", headers={"kid": "CognitoLocal"}),
        jwt.encode(claims, "", algorithm="none", headers={"kid": "CognitoLocal"}),
        jwt.encode(claims, "a secret of thirty-two characters", algorithm="HS256", headers={"kid": "CognitoLocal"}),
    ]
    async with connect(app) as stranger:
        for token in forged:
            assert (await stranger.get("/api/me", headers=bearer(token))).status_code == 401


async def test_its_session_can_be_ended_and_stays_so(app: FastAPI, pool: UserPool, page: httpx.AsyncClient) -> None:
    pool.add(EMAIL)
    await log_in(page)
    token = directory_login(pool)["AccessToken"]
    async with connect(app, headers=bearer(token)) as program:
        assert (await program.get("/api/me")).status_code == 200
        listed = (await page.get("/api/me/sessions")).json()["items"]
        (theirs,) = [one["id"] for one in listed if one["method"] == "directory"]
        assert (await page.delete(f"/api/me/sessions/{theirs}")).status_code == 204
        assert (await program.get("/api/me")).status_code == 401
        await log_in(page)  # tidies sessions that are over
        assert (await program.get("/api/me")).status_code == 401


async def test_signed_out_everywhere_is_everywhere(app: FastAPI, pool: UserPool, page: httpx.AsyncClient) -> None:
    pool.add(EMAIL)
    await log_in(page)
    seen, unseen = directory_login(pool), directory_login(pool)
    async with connect(app) as program:
        assert (await program.get("/api/me", headers=bearer(seen["AccessToken"]))).status_code == 200
        assert (await page.delete("/api/me/sessions")).status_code == 204
        for tokens in (seen, unseen):  # the second one was never shown here
            assert (await program.get("/api/me", headers=bearer(tokens["AccessToken"]))).status_code == 401
    await settled_there(app)
    for tokens in (seen, unseen):
        with pytest.raises(pool.client.exceptions.NotAuthorizedException):
            pool.client.initiate_auth(
                ClientId=pool.client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
            )


# ---- ways in that the pool knows nothing of ----


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


# ---- the pool's own pages ----


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
        pool.client.admin_disable_user(UserPoolId=pool.pool_id, Username=EMAIL)
        csrf = {"X-CSRF-Token": page.cookies["mdreader_csrf"]}
        assert (await page.post("/api/auth/refresh", headers=csrf)).status_code == 401
        away = await page.get("/api/auth/oidc/cognito/start")
        back = await page.get(provider.agree(away.headers["location"]))
        assert "error=invalid_credentials" in back.headers["location"]
