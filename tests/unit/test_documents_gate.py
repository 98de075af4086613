"""The gate alone makes an access: nobody can pass one that was not asked for."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import mdreader
from mdreader.features.documents import queries as documents
from mdreader.features.workspaces import queries as workspaces

SOURCE = Path(mdreader.__file__).parent
GATES = {"WorkspaceAccess": "features/workspaces/access.py", "DocumentAccess": "features/documents/access.py"}
# They keep the books about a text for live editing, or make the first member of a workspace before there can be an access.
WITHOUT = {"workspace_of", "record", "list_workspaces", "list_deleted", "insert_workspace", "insert_member"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in SOURCE.rglob("*.py"):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8"))


def test_only_the_gates_make_an_access() -> None:
    makers: dict[str, set[str]] = {name: set() for name in GATES}
    for where, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GATES:
                makers[node.func.id].add(where)
    assert makers == {name: {where} for name, where in GATES.items()}


def test_every_query_takes_an_access() -> None:
    for module in (documents, workspaces):
        functions = {
            name: function
            for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
            if function.__module__ == module.__name__
        }
        without = {
            name for name, function in functions.items() if "access" not in inspect.signature(function).parameters
        }
        assert without <= WITHOUT
