"""Somebody who is there already."""

import httpx
import pytest

from support.http import Person, new_workspace, signed_up


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> Person:
    """Who signed up first."""
    return await signed_up(client, name="Ada")


@pytest.fixture
async def url(client: httpx.AsyncClient, ada: Person) -> str:
    """The address of a workspace of Ada's."""
    return f"/api/workspaces/{await new_workspace(client, ada)}"
