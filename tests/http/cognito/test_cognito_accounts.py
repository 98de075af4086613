"""Which local account somebody of the pool has."""

import httpx
from fastapi import FastAPI

from mdreader.features.accounts import queries
from mdreader.features.accounts.client import Client
from mdreader.features.accounts.signing_in import begin_session
from mdreader.kernel.ids import new_id
from mdreader.main import create_app
from mdreader.settings import Settings
from support.accounts import bearer
from support.cognito import PASSWORD, UserPool
from support.cognito_people import EMAIL, OTHER_PASSWORD, delete, directory_login, linked_subjects, log_in, post
from support.http import connect
from support.mailbox import newest_mail


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


async def test_the_link_to_the_pool_cannot_be_taken_away(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    user = (await log_in(page))["user"]["id"]
    (identity,) = (await page.get("/api/me/identities")).json()["items"]
    refused = await delete(page, f"/me/identities/{identity['id']}", 409)
    assert refused["code"] == "directory_link"
    assert await linked_subjects(app, user) == [pool.subject_of(EMAIL)]
    await delete(page, f"/me/identities/{new_id()}", 404)


async def test_a_mailbox_claims_no_account_of_the_pool(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    """The pool has not confirmed the address; whoever has the mailbox would come in, and the pool never be asked again."""
    pool.add(EMAIL, verified=False)
    user = (await log_in(page))["user"]["id"]
    async with connect(app) as stranger:
        await post(stranger, "/auth/magic-link", 202, email=EMAIL)
        mail = await newest_mail(app, EMAIL, "magic_link")
        refused = await post(stranger, "/auth/magic-link/confirm", 409, token=mail.token)
        assert refused["code"] == "directory_link"
        by_code = await post(stranger, "/auth/magic-link/confirm", 409, email=EMAIL, code=mail.code)
        assert by_code["code"] == "directory_link"
    assert await linked_subjects(app, user) == [pool.subject_of(EMAIL)]
    assert (await page.get("/api/me")).status_code == 200  # nothing of theirs ended


async def test_an_address_that_the_pool_confirmed_later_is_confirmed_here(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    pool.add(EMAIL, verified=False)
    await log_in(page)
    assert (await page.get("/api/me/security")).json()["email_verified"] is False
    pool.verify_address(EMAIL)
    await log_in(page)
    assert (await page.get("/api/me/security")).json()["email_verified"] is True
    await post(page, "/auth/magic-link", 202, email=EMAIL)
    mail = await newest_mail(app, EMAIL, "magic_link")
    await post(page, "/auth/magic-link/confirm", token=mail.token)


async def test_an_account_that_was_made_anew_in_the_pool(page: httpx.AsyncClient, pool: UserPool, app: FastAPI) -> None:
    pool.add(EMAIL)
    user = (await log_in(page))["user"]["id"]
    pool.client.admin_delete_user(UserPoolId=pool.pool_id, Username=EMAIL)
    pool.add(EMAIL)
    assert (await log_in(page))["user"]["id"] == user
    assert (await page.post("/api/auth/refresh")).status_code == 200
    assert await linked_subjects(app, user) == [pool.subject_of(EMAIL)]


NEW_EMAIL = "lovelace@example.org"


async def test_whoever_gets_an_address_that_was_given_up_gets_no_account_with_it(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    pool.add(EMAIL)
    ada = (await log_in(page))["user"]["id"]
    pool.move_address(EMAIL, NEW_EMAIL)
    pool.add(EMAIL, password=OTHER_PASSWORD, name="Next")
    async with connect(app) as following:
        # Ada was not here since: her account still goes by the address.
        refused = await post(following, "/auth/login", 409, email=EMAIL, password=OTHER_PASSWORD)
        assert refused["code"] == "directory_link"
        token = directory_login(pool, password=OTHER_PASSWORD)["AccessToken"]
        assert (await following.get("/api/me", headers=bearer(token))).status_code == 409
        # And the mailbox lets them in no more: the pool has not confirmed it for her.
        await post(following, "/auth/magic-link", 202, email=EMAIL)
        mail = await newest_mail(app, EMAIL, "magic_link")
        refused = await post(following, "/auth/magic-link/confirm", 403, token=mail.token)
        assert refused["code"] == "email_unverified"
        again = await log_in(page, email=NEW_EMAIL)
        assert (again["user"]["id"], again["user"]["email"]) == (ada, NEW_EMAIL)
        assert (await page.get("/api/me")).json()["email"] == NEW_EMAIL
        theirs = await post(following, "/auth/login", email=EMAIL, password=OTHER_PASSWORD)
        assert theirs["user"]["id"] != ada


async def test_an_account_under_an_unconfirmed_address_keeps_nobody_out(
    page: httpx.AsyncClient, pool: UserPool, app: FastAPI
) -> None:
    pool.add(EMAIL, verified=False, name="Squatter")
    account = (await log_in(page))["user"]["id"]
    pool.move_address(EMAIL, NEW_EMAIL)
    pool.add(EMAIL, password=OTHER_PASSWORD)
    async with connect(app) as owner:
        theirs = await post(owner, "/auth/login", email=EMAIL, password=OTHER_PASSWORD)
        assert theirs["user"]["id"] == account
    assert await linked_subjects(app, account) == [pool.subject_of(EMAIL)]
    assert (await page.get("/api/me")).status_code == 401  # what the other one had ended
