"""The API is what it says of itself: each operation's success, and whatever it is sent."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema

from mdreader.settings import Settings
from support.clock import standing_still
from support.http import PASSWORD, Person, new_document, new_workspace, signed_up, signed_up_at
from support.one_time import at_hand
from support.server import Server

# Of each operation and kind of data, from the owner of a workspace; and of each operation from everybody else.
EXAMPLES = 6
EXAMPLES_OF_OTHERS = 2
MEMBERS = ("editor", "commenter", "viewer")
OTHERS = ("nobody", "stranger", "viewer", "commenter", "key that reads", "editor")

# What each operation is sent to succeed, in an order in which it does; `{name}` is filled with what the test made before.
SUCCESSES: dict[str, dict[str, Any]] = {
    "health": {},
    "ready": {},
    "read_config": {},
    "sign_up": {"json": {"email": "new@example.org", "password": PASSWORD, "name": "New"}},
    "log_in": {"json": {"email": "new@example.org", "password": PASSWORD}},
    "refresh_session": {"json": {"refresh_token": "{refresh_token}"}},
    "read_me": {},
    "change_me": {"json": {"name": "Other"}},
    "read_sign_in_options": {},
    "read_security": {},
    "list_sessions": {},
    "mail_verification": {},
    "verify_email": {"json": {"token": "{verify_email_token}"}},
    "begin_totp": {"json": {}},
    "confirm_totp": {"json": {"code": "{code_before}"}},
    "mail_magic_link": {"json": {"email": "{email}"}},
    "confirm_magic_link": {"json": {"token": "{magic_link_token}"}},
    "complete_sign_in": {"json": {"mfa_token": "{mfa_token}", "code": "{code_now}"}},
    "renew_recovery_codes": {"json": {"code": "{code_next}"}},
    "disable_totp": {"json": {"recovery_code": "{recovery_code}"}},
    "read_outbox": {},
    "list_mail_suppressions": {},
    "begin_passkey": {"json": {}},
    "begin_passkey_sign_in": {},
    "list_passkeys": {},
    "list_identities": {},
    "mail_reset": {"json": {"email": "{email}"}},
    "end_my_session": {},
    "create_key": {"json": {"name": "key", "scope": "write"}},
    "list_keys": {},
    "revoke_key": {},
    "create_workspace": {"json": {"name": "Another"}},
    "list_workspaces": {},
    "get_workspace": {},
    "list_changes": {},
    "rename_workspace": {"json": {"name": "Renamed"}},
    "add_member": {"json": {"email": "new@example.org", "role": "viewer"}},
    "list_members": {},
    "change_role": {"json": {"role": "editor"}},
    "remove_member": {},
    "create_document": {"json": {"path": "new.md", "content": "# New"}},
    "list_documents": {},
    "get_document": {},
    "get_content": {},
    "put_content": {"content": "new", "headers": {"If-Match": "*"}},
    "move_document": {"json": {"path": "f/moved.md"}},
    "issue_ticket": {},
    "move_folder": {"json": {"from_path": "f", "to_path": "g"}},
    "delete_document": {},
    "list_trash": {},
    "restore_document": {"json": {}},
    "delete_folder": {"json": {"path": "g"}},
    "restore_documents": {"json": {"document_ids": ["{document_id}"]}},
    "import_documents": {
        "json": {"documents": [{"path": "imported.md", "content": "x"}, {"path": "..", "content": ""}]}
    },
    "export_workspace": {},
    "list_jobs": {},
    "get_job": {},
    "cancel_job": {},
    "delete_workspace": {},
    "list_deleted_workspaces": {},
    "restore_workspace": {},
    "change_password": {"json": {"current_password": PASSWORD, "new_password": PASSWORD + "2"}},
    "end_my_sessions": {"params": {"others": True}},
    "log_out": {"json": {"refresh_token": "{refresh_token}"}},
    "reset_password": {"json": {"token": "{password_reset_token}", "password": PASSWORD + "3"}},
}
# Their success takes more than one request can bring: tests/http/test_accounts_*.py; a signed report, for mail.
ELSEWHERE = {
    "finish_passkey",
    "link_identity",
    "unlink_identity",
    "finish_passkey_sign_in",
    "rename_passkey",
    "remove_passkey",
    "mail_code_again",
    "take_mail_report",
    "lift_mail_suppression",
    "send_mail_again",
}


@pytest.fixture(name="settings")
def at_an_address_that_has_passkeys(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": "https://mdreader.test"})


def filled(template: Any, values: dict[str, str]) -> Any:
    """`template` with each `{name}` in its strings replaced."""
    if isinstance(template, dict):
        return {name: filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    return template.format_map(values) if isinstance(template, str) and template.startswith("{") else template


def operations(schema: BaseSchema) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        yield found.ok()


def test_no_reference_leads_nowhere(app: FastAPI) -> None:
    described = app.openapi()

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(described)):
        target: Any = described
        for part in reference.removeprefix("#/").split("/"):
            assert part in target, reference
            target = target[part]


def test_every_operation_has_a_name_of_its_own(app: FastAPI) -> None:
    names = [operation["operationId"] for path in app.openapi()["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


async def new_job(app: FastAPI, person: Person, workspace_id: str) -> str:
    """A job that waits."""
    runtime = app.state.runtime
    async with runtime.database.write() as tx:
        found: str = await runtime.jobs.enqueue(
            tx, "jobs.prune", {}, run_at=runtime.clock.now() * 2, workspace_id=workspace_id, started_by=person.id
        )
    return found


@pytest.fixture
def time_stands_still(app: FastAPI) -> Iterator[None]:
    """So that codes of an app hold as long as the test takes."""
    with standing_still(app.state.runtime.clock):
        yield


@pytest.mark.usefixtures("time_stands_still")
async def test_each_success_is_as_described(app: FastAPI, client: httpx.AsyncClient) -> None:
    schema = schemathesis.openapi.from_dict(app.openapi())
    described = {operation.definition.raw["operationId"]: operation for operation in operations(schema)}
    assert set(described) - ELSEWHERE == set(SUCCESSES)
    ada = await signed_up(client)
    workspace_id = await new_workspace(client, ada)
    values = {
        "workspace_id": workspace_id,
        "document_id": await new_document(client, ada, workspace_id, "f/a.md", "# A"),
        "refresh_token": ada.refresh_token,
        "user_id": ada.id,
        "key_id": "",
        "job_id": await new_job(app, ada, workspace_id),
        "email": ada.email,
        "session_id": "",
        "mfa_token": "",
        "recovery_code": "",
        "totp_secret": "",
    }
    headers = ada.headers
    for name, options in SUCCESSES.items():
        operation = described[name]
        values = {**await at_hand(app, ada.email, values["totp_secret"]), **values}
        sent = filled(options, values)
        sent["headers"] = {**headers, **sent.get("headers", {})}
        response = await client.request(operation.method.upper(), operation.path.format_map(values), **sent)
        assert response.is_success, (name, response.text)
        operation.validate_response(response)
        if name == "create_key":
            values["key_id"] = response.json()["id"]
        elif name == "add_member":
            values["user_id"] = response.json()["user_id"]
        elif name == "list_sessions":
            values["session_id"] = response.json()["items"][0]["id"]
        elif name == "begin_totp":
            values["totp_secret"] = response.json()["secret"]
        elif name == "confirm_magic_link":
            values["mfa_token"] = response.json()["mfa_token"]
        elif name == "complete_sign_in":
            headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
        elif name == "renew_recovery_codes":
            values["recovery_code"] = response.json()["recovery_codes"][0]
        elif name == "refresh_session":
            values["refresh_token"] = response.json()["refresh_token"]


class Sandbox:
    """A server with people in each role on it, and things for the paths of requests."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self._client = server.client()
        self._people = {role: signed_up_at(server.url) for role in ("owner", *MEMBERS, "stranger")}
        self._headers: dict[str, dict[str, str]] = {"nobody": {}}
        self._key = ""

    def renew(self) -> dict[str, str]:
        """A fresh workspace: an operation may have deleted what there was. Gives ids by their names in paths."""
        owner = self.headers("owner")
        workspace = self._made("/api/workspaces", {"name": "Sandbox"}, owner)
        for role in MEMBERS:
            self._made(f"/api/workspaces/{workspace}/members", {"email": self._people[role].email, "role": role}, owner)
        document = self._made(f"/api/workspaces/{workspace}/documents", {"path": "f/a.md", "content": "# A"}, owner)
        return {
            "workspace_id": workspace,
            "document_id": document,
            "user_id": self._people["viewer"].id,
            "key_id": self._key,
        }

    def headers(self, caller: str) -> dict[str, str]:
        """Credentials of a caller; fresh ones when an operation has ended what there were."""
        found = self._headers.get(caller)
        if found is None or (found and self._client.get("/api/me", headers=found).status_code == 401):
            person = self._people["owner" if caller == "key that reads" else caller]
            login = self._client.post("/api/auth/login", json={"email": person.email, "password": PASSWORD})
            found = {"Authorization": f"Bearer {login.json()['access_token']}"}
            if caller == "key that reads":
                key = self._client.post("/api/keys", json={"name": "k", "scope": "read"}, headers=found).json()
                self._key, found = key["id"], {"Authorization": f"Bearer {key['key']}"}
            self._headers[caller] = found
        return found

    def _made(self, path: str, body: dict[str, str], headers: dict[str, str]) -> str:
        response = self._client.post(path, json=body, headers=headers)
        assert response.status_code == 201, response.text
        return str(response.json().get("id"))

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def sandbox(server: Server) -> Iterator[Sandbox]:
    made = Sandbox(server)
    yield made
    made.close()


def bombard(strategy: SearchStrategy[Any], headers: dict[str, str], seen: Counter[int], examples: int) -> None:
    """Send what `strategy` comes up with, and check each answer."""

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=strategy)
    def send(case: Any) -> None:
        response = case.call(headers=headers, timeout=60)
        assert response.status_code < 500, response.text
        case.operation.validate_response(response)
        seen[response.status_code] += 1

    with suppress(Unsatisfiable):  # nothing can be wrong about a request that has no parts
        send()


@pytest.mark.timeout(600)  # some 2,000 requests, each checked against its description
def test_nothing_is_answered_with_a_5xx_or_otherwise_than_described(sandbox: Sandbox) -> None:
    schema = schemathesis.openapi.from_url(f"{sandbox.url}/api/openapi.json", timeout=60)
    seen = {caller: Counter[int]() for caller in (*OTHERS, "owner")}
    for operation in operations(schema):
        ids = sandbox.renew()
        known = {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}
        for caller in OTHERS:
            strategy = operation.as_strategy(path_parameters=known or None)
            bombard(strategy, sandbox.headers(caller), seen[caller], EXAMPLES_OF_OTHERS)
        headers, seen_here = sandbox.headers("owner"), seen["owner"]
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            bombard(operation.as_strategy(mode, path_parameters=known or None), headers, seen_here, EXAMPLES)
        if known:
            bombard(operation.as_strategy(), headers, seen_here, EXAMPLES)  # with ids that are none
    for caller, answers in seen.items():
        print(f"{caller}: answers by status:", dict(sorted(answers.items())))
    assert {200, 201, 204, 404, 422} <= set(seen["owner"])
    assert {200, 401} <= set(seen["nobody"])
    for caller in ("viewer", "commenter", "key that reads"):
        assert {200, 403} <= set(seen[caller]), caller
    assert {200, 404} <= set(seen["stranger"])
    assert {200, 201} <= set(seen["editor"])
