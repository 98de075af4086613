"""The HTTP API as seen from a command: waits and tries again where that helps, and says in words what does not."""

import asyncio
import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

# Attempts after the first, and the wait before the first of them, in seconds; each wait is twice the one before.
RETRIES: Final = 6
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 20.0

_MAY_PASS: Final = {429, 502, 503, 504}


class ApiError(Exception):
    """The server refused, or cannot be reached; the message is for a person. `status` is 0 when there was no answer."""

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as the person who asks sees it."""

    id: str
    name: str
    role: str


class Api:
    """What commands ask of a server. `on_wait` is told, in words, why a call is tried again."""

    def __init__(
        self, client: httpx.AsyncClient, *, on_wait: Callable[[str], None], first_wait: float = FIRST_WAIT
    ) -> None:
        self._client = client
        self._on_wait = on_wait
        self._first_wait = first_wait

    async def max_document_bytes(self) -> int:
        """The largest document that the server takes."""
        try:
            return int((await self._send("GET", "/api/config")).json()["max_document_bytes"])
        except (ValueError, KeyError, TypeError) as error:
            raise ApiError(f"{self._client.base_url} is not the address of an mdreader server.") from error

    async def workspaces(self) -> list[Workspace]:
        """The workspaces of the person who asks."""
        items = (await self._send("GET", "/api/workspaces")).json()["items"]
        return [Workspace(item["id"], item["name"], item["role"]) for item in items]

    async def find_workspace(self, reference: str) -> Workspace | None:
        """The workspace with this id or name; None when there is none. Raises `ApiError` when several have the name."""
        name = unicodedata.normalize("NFC", reference).strip()
        found = [one for one in await self.workspaces() if reference == one.id or name == one.name]
        if len(found) > 1:
            ids = ", ".join(f"{one.id} ({one.role})" for one in found)
            raise ApiError(f"Several workspaces are called {name}. Give the id of one instead: {ids}")
        return found[0] if found else None

    async def create_workspace(self, name: str) -> Workspace:
        """Make a workspace. Not tried again: when the answer is lost, it may have been made."""
        made = (await self._send("POST", "/api/workspaces", json={"name": name}, retries=0)).json()
        return Workspace(made["id"], made["name"], made["role"])

    async def import_files(
        self, workspace_id: str, files: Sequence[tuple[str, str]], *, overwrite: bool
    ) -> list[dict[str, Any]]:
        """Send files (path, text); what became of each, in the same order."""
        body = {"documents": [{"path": path, "content": text} for path, text in files], "overwrite": overwrite}
        answer = await self._send("POST", f"/api/workspaces/{workspace_id}/import", json=body)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def documents(self, workspace_id: str) -> list[tuple[str, str]]:
        """Every document of a workspace: (path, id)."""
        found: list[tuple[str, str]] = []
        cursor: str | None = None
        while True:
            query = {"limit": "1000"} | ({"cursor": cursor} if cursor else {})
            page = (await self._send("GET", f"/api/workspaces/{workspace_id}/documents", params=query)).json()
            found += [(item["path"], item["id"]) for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def content(self, document_id: str) -> bytes:
        """A document's exact text."""
        return (await self._send("GET", f"/api/documents/{document_id}/content")).content

    async def _send(self, method: str, path: str, *, retries: int = RETRIES, **options: Any) -> httpx.Response:
        wait = self._first_wait
        for left in range(retries, -1, -1):
            try:
                response = await self._client.request(method, path, **options)
            except httpx.TransportError as error:
                if left == 0:
                    raise ApiError(f"The server at {self._client.base_url} does not answer: {_words(error)}") from error
                why, asked = f"The server does not answer ({_words(error)})", 0.0
            else:
                if response.is_success:
                    return response
                if left == 0 or response.status_code not in _MAY_PASS:
                    raise _refusal(response)
                why, asked = f"The server is busy ({response.status_code})", _retry_after(response)
            seconds = min(max(asked, wait * random.uniform(0.8, 1.2)), max(LONGEST_WAIT, asked))  # noqa: S311 - jitter
            self._on_wait(f"{why}; trying again in {seconds:.1f} s.")
            await asyncio.sleep(seconds)
            wait *= 2
        raise AssertionError  # the last turn returns or raises


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _retry_after(response: httpx.Response) -> float:
    """Seconds; dates are not understood, our servers send none. A minute at most."""
    text = response.headers.get("retry-after", "")
    return min(float(text), 60.0) if text.isdecimal() else 0.0


def _refusal(response: httpx.Response) -> ApiError:
    status = response.status_code
    if response.is_redirect:
        return ApiError(
            f"The server is at {response.headers.get('location', 'another address')}: give that one.", status=status
        )
    try:
        problem = response.json()
        code, title, detail = str(problem["code"]), str(problem["title"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return ApiError(f"The server answered {status} {response.reason_phrase}.", status=status)
    # Where there is nothing to add, the detail is the title again.
    message = detail if detail.rstrip(".") == title.rstrip(".") else f"{title}. {detail}"
    return ApiError(message, status=status, code=code)
