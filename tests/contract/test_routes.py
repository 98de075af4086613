"""A planned route answers as FastAPI's own does, whatever it is asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from mdreader.http.errors import add_error_handlers
from mdreader.http.routes import add_routes, make_router, plan_of
from mdreader.kernel.errors import ForbiddenError
from mdreader.main import create_app
from mdreader.settings import load_settings


class Item(BaseModel):
    id: str
    calls: int


async def _caller(request: Request) -> str:
    if "x-stranger" in request.headers:
        raise ForbiddenError("No strangers.")
    request.state.calls = getattr(request.state, "calls", 0) + 1
    return request.headers.get("x-caller", "nobody")


Caller = Annotated[str, Depends(_caller)]


async def _greeting(caller: Caller, response: Response) -> str:
    response.headers["x-greeted"] = caller
    return f"hello {caller}"


Greeting = Annotated[str, Depends(_greeting)]


def declare(router: APIRouter) -> None:
    """Every way of asking that plans know."""

    @router.get("/text/{item_id}")
    async def text(item_id: str, caller: Caller, if_match: Annotated[str | None, Header()] = None) -> dict[str, Any]:
        return {"item": item_id, "caller": caller, "if_match": if_match}

    @router.get("/checked/{number}")
    async def checked(
        number: int,
        greeting: Greeting,
        caller: Caller,
        *,
        limit: Annotated[int, Query(ge=1, le=9)] = 5,
        cursor: Annotated[str | None, Query(max_length=4)] = None,
        word: str = "none",
        tag: Annotated[list[str] | None, Query()] = None,
        renamed: Annotated[str | None, Query(alias="re-named")] = None,
    ) -> list[Any]:
        return [number, greeting, caller, limit, cursor, word, tag, renamed]

    @router.get("/needed")
    async def needed(x_token: Annotated[str, Header()], seen: Annotated[str | None, Cookie()] = None) -> list[Any]:
        return [x_token, seen]

    @router.put("/answer/{path:path}", status_code=201, response_model=Item)
    async def answer(path: str, request: Request, response: Response, greeting: Greeting, caller: Caller) -> Any:
        response.headers["etag"] = f'"{greeting} {caller}"'
        if path == "gone":
            return Response(status_code=304)
        if path == "wrong":
            return {"calls": "many"}
        if path == "twice":
            response.status_code = 202
        return {"id": path, "calls": request.state.calls, "secret": True}

    @router.delete("/nothing", status_code=204)
    async def nothing(greeting: Greeting) -> None:
        del greeting


REQUESTS = [
    ("GET", "/text/a%20b", {}),
    ("GET", "/text/a", {"If-Match": '"x"', "X-Caller": "ada"}),
    ("GET", "/text/a?if_match=1", {"X-Stranger": "1"}),
    ("GET", "/checked/12", {}),
    ("GET", "/checked/12?limit=9&cursor=abcd&word=&tag=a&tag=b&re-named=x&renamed=y", {"X-Caller": "ada"}),
    ("GET", "/checked/twelve?limit=10&cursor=abcde&tag=", {}),
    ("GET", "/checked/twelve?limit=", {"X-Stranger": "1"}),
    ("GET", "/checked/12?limit=1&limit=2&word=a&word=b", {}),
    ("GET", "/needed", {}),
    ("GET", "/needed", {"X-Token": "t", "Cookie": "seen=yes; other=no"}),
    ("GET", "/needed", {"X-Token": "", "Cookie": "seen="}),
    ("PUT", "/answer/a/b", {"X-Caller": "ada"}),
    ("PUT", "/answer/gone", {}),
    ("PUT", "/answer/twice", {}),
    ("PUT", "/answer/wrong", {}),
    ("DELETE", "/nothing", {"X-Caller": "ada"}),
    ("POST", "/nothing", {}),
    ("GET", "/nowhere", {}),
]


def application(add: Callable[[FastAPI], None]) -> FastAPI:
    app = FastAPI()
    add_error_handlers(app)
    add(app)
    return app


def ours(app: FastAPI) -> None:
    router = make_router("", "things")
    declare(router)
    add_routes(app, router)


def theirs(app: FastAPI) -> None:
    router = APIRouter(tags=["things"])
    declare(router)
    app.include_router(router)


async def ask(app: FastAPI, method: str, url: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, url, headers=headers)
    return answer.status_code, dict(answer.headers), answer.content


@pytest.mark.parametrize(("method", "url", "headers"), REQUESTS)
async def test_it_answers_as_fastapi_does(method: str, url: str, headers: dict[str, str]) -> None:
    assert await ask(application(ours), method, url, headers) == await ask(application(theirs), method, url, headers)


async def test_what_is_asked_for_twice_is_called_once() -> None:
    status, _, content = await ask(application(ours), "PUT", "/answer/x", {})
    assert (status, content) == (201, b'{"id":"x","calls":1}')


def test_all_of_these_are_planned() -> None:
    router = make_router("", "things")
    declare(router)
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    assert [route.name for route in routes if plan_of(route.dependant) is None] == []
    assert len(routes) == 5


def test_the_routes_that_are_asked_most_are_planned(tmp_path: Path) -> None:
    app = create_app(load_settings(data=tmp_path))
    planned = {
        route.name for route in app.routes if isinstance(route, APIRoute) and plan_of(route.dependant) is not None
    }
    assert {"get_document", "get_content", "put_content", "issue_ticket", "list_changes"} <= planned


def test_bodies_transactions_and_threads_are_left_to_fastapi(tmp_path: Path) -> None:
    app = create_app(load_settings(data=tmp_path))
    by_name = {route.name: route for route in app.routes if isinstance(route, APIRoute)}
    assert plan_of(by_name["create_document"].dependant) is None  # a body, and a transaction
    assert plan_of(by_name["delete_document"].dependant) is None  # a transaction
    router = make_router("", "things")

    @router.get("/")
    def in_a_thread() -> None: ...

    (route,) = router.routes
    assert isinstance(route, APIRoute)
    assert plan_of(route.dependant) is None
