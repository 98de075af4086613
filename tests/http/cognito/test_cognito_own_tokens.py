"""Access tokens of the pool's own."""

import httpx
import jwt
import pytest
from fastapi import FastAPI

from support.accounts import bearer
from support.clock import moved
from support.cognito import PASSWORD, UserPool
from support.cognito_people import (
    EMAIL,
    OTHER_PASSWORD,
    delete,
    directory_login,
    log_in,
    said_by,
    settled_there,
    signed_by_pool,
)
from support.http import connect
from support.keys import private_key


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


async def test_a_token_is_as_fresh_as_the_sign_in_behind_it(app: FastAPI, pool: UserPool) -> None:
    """A program that has renewed its tokens for an hour did not see its person since."""
    pool.add(EMAIL)
    token = directory_login(pool)["AccessToken"]
    signed_in_at = said_by(token)["auth_time"]
    fresh = signed_by_pool(token, auth_time=signed_in_at - 14 * 60, origin_jti="fresh")
    stale = signed_by_pool(token, auth_time=signed_in_at - 16 * 60, origin_jti="stale")
    async with connect(app) as program:
        asked = await program.post("/api/me/passkeys/begin", headers=bearer(stale), json={})
        assert (asked.status_code, asked.json()["code"]) == (403, "reauthentication_required")
        wrong = {"password": OTHER_PASSWORD}
        assert (await program.post("/api/me/passkeys/begin", headers=bearer(stale), json=wrong)).status_code == 403
        # What is asked for next is an address that browsers know passkeys at: the sign-in was fresh enough, or the password shown.
        for headers, body in ((bearer(fresh), {}), (bearer(stale), {"password": PASSWORD})):
            answer = await program.post("/api/me/passkeys/begin", headers=headers, json=body)
            assert answer.json()["code"] == "passkeys_unavailable", answer.text


async def test_an_ended_sign_in_stays_ended_as_long_as_it_can_be_renewed(
    app: FastAPI, pool: UserPool, page: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.add(EMAIL)
    await log_in(page)
    token, day = directory_login(pool)["AccessToken"], 24 * 3600
    began = said_by(token)["auth_time"]
    first = signed_by_pool(token, origin_jti="family", exp=began + 900)
    async with connect(app, headers=bearer(first)) as program:
        listed = (await program.get("/api/me/sessions")).json()["items"]
        (theirs,) = [one["id"] for one in listed if one["current"]]
    await delete(page, f"/me/sessions/{theirs}")
    moved(app.state.runtime.clock, monkeypatch, seconds=29 * day)
    page.cookies.clear()
    after = began + 29 * day
    other = signed_by_pool(token, origin_jti="other", iat=after, auth_time=after, exp=after + 900)
    renewed = signed_by_pool(token, origin_jti="family", iat=after, exp=after + 900)
    async with connect(app) as program:
        assert (
            await program.get("/api/me", headers=bearer(other))
        ).status_code == 200  # which tidies sessions that are over
        assert (await program.get("/api/me", headers=bearer(renewed))).status_code == 401
