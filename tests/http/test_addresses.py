"""What is said at addresses where a request cannot be answered as it is: what would be, or what is in the way."""

import httpx
import pytest

from support.http import Person, new_document, new_workspace

ID = "01a200d3-8120-78ad-a377-5c349f7a5e98"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/health", "GET, HEAD"),
        ("DELETE", f"/api/documents/{ID}/content", "GET, HEAD, PUT"),
        ("GET", "/api/auth/login", "POST"),
        ("PUT", f"/api/workspaces/{ID}/members/{ID}", "DELETE, PATCH"),
    ],
)
async def test_another_method_is_told_which_there_are(
    method: str, path: str, allowed: str, client: httpx.AsyncClient
) -> None:
    response = await client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert response.json()["code"] == "method_not_allowed"
    assert all(name in response.json()["detail"] for name in allowed.split(", "))


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
async def test_no_such_address_is_not_there_by_any_method(method: str, client: httpx.AsyncClient) -> None:
    assert (await client.request(method, "/api/nope")).status_code == 404


@pytest.mark.parametrize("path", ["/api/health", "/api/ready"])
async def test_who_watches_may_ask_for_the_head_alone(path: str, client: httpx.AsyncClient) -> None:
    response = await client.head(path)
    assert (response.status_code, response.content) == (200, b"")


async def test_a_socket_whose_upgrade_was_lost_on_the_way(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/api/collab/{ID}")
    assert response.status_code == 426
    assert response.headers["upgrade"] == "websocket"
    assert response.json()["code"] == "upgrade_required"
    assert "proxy" in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [("x", "expected value at line 1 column 1"), ('{"content": "a"', "line 1 column 15")],
)
async def test_where_a_text_in_json_ceases_to_be_json(
    body: str, said: str, client: httpx.AsyncClient, ada: Person
) -> None:
    document_id = await new_document(client, ada, await new_workspace(client, ada), "a.md")
    response = await client.put(
        f"/api/documents/{document_id}/content",
        content=body,
        headers={**ada.headers, "Content-Type": "application/json", "If-Match": "*"},
    )
    assert response.status_code == 422
    assert said in response.json()["detail"]
    assert "character body" not in response.json()["detail"]
