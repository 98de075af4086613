"""Commands that talk to a server: what is tried again, and what is said when that does not help."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mdreader.features.transfer.folder.api import RETRIES, Api, ApiError
from mdreader.features.transfer.folder.importing import (
    CALL_BYTES,
    CALL_FILES,
    Import,
    ImportReport,
    calls,
    import_files,
)
from mdreader.features.transfer.folder.walk import Found

Answer = httpx.Response | Exception


class Answers:
    """A server that gives these answers, one after the other, the last one for ever."""

    def __init__(self, *answers: Answer | Callable[[httpx.Request], Answer]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.said: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer) and not isinstance(answer, httpx.Response | Exception):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def api(self) -> Api:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://mdreader.test")
        return Api(client, on_wait=self.said.append, first_wait=0.001)


def ok(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def problem(status: int, code: str = "some_code", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "title": "Title", "detail": "What to do."}, headers=headers)


@pytest.mark.parametrize(
    "trouble",
    [
        problem(429, **{"Retry-After": "0"}),
        problem(503),
        httpx.Response(502),
        httpx.Response(504, text="gateway"),
        httpx.ConnectError("refused"),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("cut off"),
        httpx.ReadTimeout(""),
    ],
)
async def test_what_may_pass_is_tried_again(trouble: Answer) -> None:
    answers = Answers(trouble, trouble, ok({"items": [{"path": "a.md", "status": "created", "detail": None}]}))
    (item,) = await answers.api.import_files("w", [("a.md", "x")], overwrite=False)
    assert item["status"] == "created"
    assert len(answers.requests) == 3
    assert len({request.content for request in answers.requests}) == 1
    assert len(answers.said) == 2
    assert all("trying again" in line for line in answers.said)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 500])
async def test_what_will_not_pass_is_said_at_once(status: int) -> None:
    answers = Answers(problem(status))
    with pytest.raises(ApiError, match=r"Title\. What to do\.") as caught:
        await answers.api.import_files("w", [("a.md", "x")], overwrite=False)
    assert (caught.value.status, caught.value.code) == (status, "some_code")
    assert len(answers.requests) == 1


async def test_what_adds_nothing_is_not_said_twice() -> None:
    body = {"code": "read_only_key", "title": "This API key may only read", "detail": "This API key may only read."}
    with pytest.raises(ApiError) as caught:
        await Answers(httpx.Response(403, json=body)).api.create_workspace("n")
    assert str(caught.value) == body["detail"]


async def test_it_gives_up_in_the_end() -> None:
    answers = Answers(httpx.ConnectError("refused"))
    with pytest.raises(ApiError, match=r"http://mdreader.test does not answer: refused"):
        await answers.api.content("d")
    assert len(answers.requests) == RETRIES + 1


async def test_a_workspace_is_not_made_twice() -> None:
    answers = Answers(httpx.ReadError("cut off"), ok({"id": "w", "name": "n", "role": "owner"}))
    with pytest.raises(ApiError):
        await answers.api.create_workspace("n")
    assert len(answers.requests) == 1


async def test_something_else_at_the_address_is_said() -> None:
    with pytest.raises(ApiError, match="not the address of an mdreader server"):
        await Answers(httpx.Response(200, text="<html>")).api.max_document_bytes()
    with pytest.raises(ApiError, match="404"):
        await Answers(httpx.Response(404, text="<html>")).api.max_document_bytes()
    moved = httpx.Response(301, headers={"Location": "https://elsewhere.test/"})
    with pytest.raises(ApiError, match=r"https://elsewhere\.test/"):
        await Answers(moved).api.max_document_bytes()


async def test_a_workspace_goes_by_name_or_id() -> None:
    items = [
        {"id": "1", "name": "Café", "role": "owner"},
        {"id": "2", "name": "Twice", "role": "owner"},
        {"id": "3", "name": "Twice", "role": "viewer"},
    ]
    answers = Answers(ok({"items": items}))
    found = [await answers.api.find_workspace(one) for one in (" Cafe\u0301 ", "1", "3", "Else")]
    assert [one.id if one else None for one in found] == ["1", "1", "3", None]
    with pytest.raises(ApiError, match=r"2 \(owner\), 3 \(viewer\)"):
        await answers.api.find_workspace("Twice")


async def test_a_long_list_is_read_to_its_end() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("cursor", 0))
        items = [{"path": f"{number}.md", "id": str(number)} for number in range(start, start + 2)]
        return ok({"items": items, "next_cursor": str(start + 2) if start < 4 else None})

    assert await Answers(page).api.documents("w") == [(f"{number}.md", str(number)) for number in range(6)]


async def test_a_proxy_that_takes_less_gets_less(tmp_path: Path) -> None:
    files = []
    for number in range(5):
        (tmp_path / f"{number}.md").write_text("x" * (600 if number == 3 else 100))
        files.append(Found(f"{number}.md", str(tmp_path / f"{number}.md"), 100))

    def small(request: httpx.Request) -> httpx.Response:
        if len(request.content) > 500:
            return httpx.Response(413, text="<html>")
        documents = json.loads(request.content)["documents"]
        return ok({"items": [{"path": one["path"], "status": "created", "detail": None} for one in documents]})

    report = ImportReport()
    done: list[int] = []
    await import_files(Answers(small).api, Import("w", 1000, overwrite=False), files, report, on_progress=done.append)
    assert report.counts == {"created": 4, "refused": 1}
    assert [path for path, _ in report.refused] == ["3.md"]
    assert done == [5]


def test_calls_are_cut_by_number_and_by_bytes() -> None:
    def cut(*sizes: int) -> list[list[int]]:
        files = [Found(str(number), "", size) for number, size in enumerate(sizes)]
        return [[file.size for file in call] for call in calls(files)]

    assert cut() == []
    assert [len(call) for call in cut(*[1] * (CALL_FILES + 1))] == [CALL_FILES, 1]
    large = CALL_BYTES + 1
    assert cut(1, large, 1, CALL_BYTES - 1, 1) == [[1], [large], [1, CALL_BYTES - 1], [1]]
