"""Somebody is added to a workspace by their address: it must be theirs, where that can be shown."""

import httpx
import pytest
from fastapi import FastAPI

from mdreader.settings import Settings
from support.accounts import verified
from support.http import new_workspace, signed_up


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Mails leave this server; where to, does not matter here."""
    return settings.model_copy(update={"mail_url": "smtp://127.0.0.1:9", "email_from": "notes@example.org"})


async def test_nobody_is_let_in_by_the_address_of_somebody_else(client: httpx.AsyncClient, app: FastAPI) -> None:
    owner, stranger = await signed_up(client), await signed_up(client, email="boss@example.org")
    workspace = await new_workspace(client, owner)
    url, body = f"/api/workspaces/{workspace}/members", {"email": "boss@example.org", "role": "editor"}
    refused = await client.post(url, json=body, headers=owner.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "address_unconfirmed")
    assert (await client.get(f"/api/workspaces/{workspace}", headers=stranger.headers)).status_code == 404
    await verified(client, app, stranger)
    assert (await client.post(url, json=body, headers=owner.headers)).status_code == 201
