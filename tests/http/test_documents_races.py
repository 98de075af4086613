"""What happens at once happens in some order."""

import asyncio

import httpx

from support.http import Person, new_document


async def test_one_path_created_by_many_is_created_once(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    answers = await asyncio.gather(
        *(
            client.post(f"{url}/documents", json={"path": "a.md", "content": str(number)}, headers=ada.headers)
            for number in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    (made,) = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert {answer.json()["document_id"] for answer in answers if answer.status_code == 409} == {made}


async def test_document_and_folder_of_one_name_do_not_both_come(
    client: httpx.AsyncClient, ada: Person, url: str
) -> None:
    for number in range(5):
        answers = await asyncio.gather(
            *(
                client.post(f"{url}/documents", json={"path": path, "content": ""}, headers=ada.headers)
                for path in (f"n{number}", f"n{number}/x.md")
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_many_move_to_one_path(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    workspace = url.rpartition("/")[2]
    ids = [await new_document(client, ada, workspace, f"{number}.md") for number in range(5)]
    answers = await asyncio.gather(
        *(client.patch(f"/api/documents/{one}", json={"path": "goal.md"}, headers=ada.headers) for one in ids)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]


async def test_deleting_and_restoring_at_once_ends_in_one_state(
    client: httpx.AsyncClient, ada: Person, url: str
) -> None:
    one = await new_document(client, ada, url.rpartition("/")[2], "a.md", "text")
    at = f"/api/documents/{one}"
    await asyncio.gather(
        *(client.delete(at, headers=ada.headers) for _ in range(3)),
        *(client.post(f"{at}/restore", headers=ada.headers) for _ in range(3)),
    )
    alive = (await client.get(at, headers=ada.headers)).status_code == 200
    listed = (await client.get(f"{url}/documents", headers=ada.headers)).json()["items"]
    buried = (await client.get(f"{url}/trash", headers=ada.headers)).json()["items"]
    assert (len(listed), len(buried)) == ((1, 0) if alive else (0, 1))


async def test_writing_while_it_is_deleted(client: httpx.AsyncClient, ada: Person, url: str) -> None:
    one = await new_document(client, ada, url.rpartition("/")[2], "a.md", "text")
    at = f"/api/documents/{one}"
    written, deleted = await asyncio.gather(
        client.put(f"{at}/content", content="new", headers={**ada.headers, "If-Match": "*"}),
        client.delete(at, headers=ada.headers),
    )
    assert deleted.status_code == 204
    # Before it, after it, or thrown out of the room with it: then a second try says 404.
    assert written.status_code in {200, 404, 503}
    again = await client.put(f"{at}/content", content="new", headers={**ada.headers, "If-Match": "*"})
    assert again.status_code == 404
    assert (await client.get(at, headers=ada.headers)).status_code == 404


async def test_many_requests_at_once_do_not_wait_for_each_other_for_ever(
    client: httpx.AsyncClient, ada: Person, url: str
) -> None:
    # Each needs a connection more than once; there are fewer connections than requests.
    one = await new_document(client, ada, url.rpartition("/")[2], "a.md", "text")
    at = f"/api/documents/{one}"
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(client.get(at, headers=ada.headers) for _ in range(12)),
            *(client.post(f"{at}/ticket", headers=ada.headers) for _ in range(12)),
            *(
                client.put(f"{at}/content", content=str(number), headers={**ada.headers, "If-Match": "*"})
                for number in range(12)
            ),
            *(client.get(f"{url}/documents", headers=ada.headers) for _ in range(12)),
        )
    assert {answer.status_code for answer in answers} == {200, 201}
