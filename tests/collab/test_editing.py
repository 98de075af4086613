"""Two and more people in one document, over real sockets."""

import asyncio

import httpx
from pycrdt import Doc, Text

from collab.conftest import Team
from support.yclient import connected

GREETING = "# Grüße 🎉\n\nzwei Zeilen\n"


async def test_two_people_type_in_one_document(team: Team) -> None:
    document = team.document(GREETING)
    friend = team.member("editor")
    url = team.server.ws_url
    async with (
        connected(url, document, team.owner.access_token) as ann,
        connected(url, document, friend.access_token) as bob,
    ):
        assert ann.text == bob.text == GREETING
        await ann.append("Ann 🙂\n")
        await bob.insert(0, "Bob é\n")
        await ann.wait_for_text(f"Bob é\n{GREETING}Ann 🙂\n")
        await bob.wait_for_text(f"Bob é\n{GREETING}Ann 🙂\n")
        await bob.delete(0, 6)
        await ann.wait_for_text(f"{GREETING}Ann 🙂\n")
        await bob.saved()
        assert team.content(document) == f"{GREETING}Ann 🙂\n"


async def test_what_was_typed_offline_is_merged(team: Team) -> None:
    document = team.document("shared\n")
    url, token = team.server.ws_url, team.owner.access_token
    copy: Doc[Text] = Doc()
    async with connected(url, document, token, doc=copy):
        pass
    copy["content"] += "offline\n"
    async with connected(url, document, token) as other:
        await other.insert(0, "meanwhile\n")
        async with connected(url, document, token, doc=copy) as back:
            await other.wait_for_text("meanwhile\nshared\noffline\n")
            await back.wait_for_text("meanwhile\nshared\noffline\n")


async def test_a_put_is_seen_by_those_who_type(team: Team) -> None:
    document = team.document("one\ntwo\nthree\n")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        etag = team.request("GET", f"/api/documents/{document}").headers["etag"]
        response = team.request(
            "PUT",
            f"/api/documents/{document}/content",
            content="one\n2\nthree\n",
            headers={"If-Match": etag, "Content-Type": "text/markdown"},
        )
        assert response.status_code == 200, response.text
        await ann.wait_for_text("one\n2\nthree\n")
        await ann.append("four\n")
        await ann.saved()
        stale = team.request(
            "PUT",
            f"/api/documents/{document}/content",
            content="mine",
            headers={"If-Match": response.headers["etag"], "Content-Type": "text/markdown"},
        )
        assert stale.status_code == 412
        now = team.request("GET", f"/api/documents/{document}")
        assert stale.headers["etag"] == now.headers["etag"]
        assert now.json()["content"] == "one\n2\nthree\nfour\n"


async def test_a_put_races_with_typing_and_nothing_is_lost(team: Team) -> None:
    document = team.document("start\n")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:

        async def type_letters() -> None:
            for number in range(60):
                await ann.append(f"a{number}\n")
                await asyncio.sleep(0)

        async def put_lines() -> None:
            async with httpx.AsyncClient(base_url=team.server.url, headers=team.owner.headers, timeout=60) as client:
                done = 0
                while done < 20:
                    got = await client.get(f"/api/documents/{document}")
                    answer = await client.put(
                        f"/api/documents/{document}/content",
                        json={"content": f"p{done}\n" + got.json()["content"]},
                        headers={"If-Match": got.headers["etag"]},
                    )
                    assert answer.status_code in {200, 412}
                    done += answer.status_code == 200

        await asyncio.gather(type_letters(), put_lines())
        await ann.saved()
        wanted = {f"a{number}" for number in range(60)} | {f"p{number}" for number in range(20)} | {"start"}
        await ann.wait_for_text(lambda text: set(text.split()) == wanted)
        lines = team.content(document).split()
        assert sorted(lines) == sorted(wanted)


async def test_crlf_and_bom_stay_beside_the_text(team: Team) -> None:
    exact = "\ufeffone\r\ntwo"
    document = team.document(exact)
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        assert ann.text == "one\ntwo"
        await ann.append("\nthree")
        await ann.saved()
        assert team.content(document) == "\ufeffone\r\ntwo\r\nthree"


async def test_fifty_people_type_at_once(team: Team) -> None:
    document = team.document("")
    url, token = team.server.ws_url, team.owner.access_token
    async with asyncio.TaskGroup() as group:
        ready = asyncio.Barrier(50)
        texts: list[str] = []
        lines = {f"line {person} of 50" for person in range(50)}

        async def person(number: int) -> None:
            async with connected(url, document, token) as client:
                await ready.wait()
                await client.insert(0, f"line {number} of 50\n")
                await client.wait_for_text(lambda text: set(text.splitlines()) == lines)
                texts.append(client.text)
                await ready.wait()

        for number in range(50):
            group.create_task(person(number))
    assert len(set(texts)) == 1
    assert team.content(document) == texts[0]


async def test_a_large_paste_arrives_whole(team: Team) -> None:
    document = team.document("before\n")
    url, token = team.server.ws_url, team.owner.access_token
    paste = "".join(f"Zeile {number}: Grüße 🎉\n" for number in range(60_000))
    async with connected(url, document, token) as ann, connected(url, document, token) as bob:
        await ann.append(paste)
        await ann.append("after\n")
        await ann.saved()
        await bob.wait_for_text(lambda text: text.endswith("after\n"))
        assert bob.text == f"before\n{paste}after\n"
        assert team.content(document) == bob.text


async def test_a_document_over_the_limit_is_refused_before_it_is_stored(team: Team) -> None:
    document = team.document("x" * 4_999_990)
    url, token = team.server.ws_url, team.owner.access_token
    async with connected(url, document, token) as ann:
        await ann.append("123456789")
        await ann.saved()
        await ann.append("too much")
        code, _ = await ann.closed()
        assert code == 4413
    async with connected(url, document, token) as ann:
        assert ann.text == "x" * 4_999_990 + "123456789"
        await ann.delete(0, 100)
        await ann.append("now it fits")
        await ann.saved()


async def test_an_empty_document_can_be_opened_and_written(team: Team) -> None:
    document = team.document("")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        assert ann.text == ""
        await ann.append("é")
        await ann.saved()
    assert team.content(document) == "é"


async def test_text_survives_an_orderly_stop(own_team: Team) -> None:
    team = own_team
    document = team.document("start\n")
    async with connected(team.server.ws_url, document, team.owner.access_token) as ann:
        await ann.append("typed\n")
        await ann.saved()
        stopping = asyncio.to_thread(team.server.stop)
        task = asyncio.create_task(stopping)
        code, reason = await ann.closed()
        assert code == 1012
        assert reason.startswith("retry-in-ms=")
        assert 0 < int(reason.removeprefix("retry-in-ms=")) < 10_000
        assert await task == 0
    team.server.start()
    assert team.content(document) == "start\ntyped\n"
