"""One server and one browser for each file; a context of their own for everybody in each test.

Files share neither: together they would sign more people up than one address may, and while Playwright is there, no other event loop can
run in this thread, where files of other folders may come in between.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from support.browser import launched
from support.http import Person
from support.page import PATIENCE_MS, Visit, Visitor, visiting
from support.server import Server

expect.set_options(timeout=PATIENCE_MS)
RESULTS = Path(__file__).resolve().parents[2] / "test-results"
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with launched(chromium) as made:
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def visit(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Makes visitors: `visit()` a stranger, `visit(person)` somebody logged in. Their troubles fail the test.

    When a test fails, what each of them saw lies in test-results.
    """
    visitors: list[Visitor] = []
    with ExitStack() as stack:

        def make(person: Person | None = None, **options: Any) -> Visitor:
            made = stack.enter_context(visiting(browser, server.url, person, **options))
            visitors.append(made)
            return made

        yield make
        if request.node.stash.get(FAILED, False):
            for number, visitor in enumerate(visitors):
                visitor.page.screenshot(path=RESULTS / f"{request.node.name}-{number}.png")
        troubles = [trouble for visitor in visitors for trouble in visitor.troubles]
    assert troubles == []
