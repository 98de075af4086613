"""Log lines: their form, and what must never be in them."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from mdreader.kernel.logs import configure_logs, to_json_line


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Other tests have loggers too."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_loggers_and_the_standard_ones_write_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")
    structlog.get_logger().info("ours", document_id="0190")
    logging.getLogger("library").warning("theirs %s", "too")
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["level"], ours["document_id"]) == ("ours", "info", "0190")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("theirs too", "warning", "library")
    assert ours["timestamp"].endswith("Z")


def test_the_level_is_a_floor(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("warning", "json")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_what_libraries_say_of_their_daily_work_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("debug", "json")
    logging.getLogger("library").info("connected")
    assert lines(capsys) == []


@pytest.mark.parametrize("form", ["json", "console"])
def test_credentials_in_addresses_and_local_variables_stay_out(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", form)  # type: ignore[arg-type]
    logging.getLogger("library").warning('"GET /api/collab/1?epoch=2&token=%s HTTP/1.1" 101', "sekret-1")
    structlog.get_logger().info("seen", url="http://host/x?ticket=sekret-2")

    def fail(password: str) -> None:
        raise RuntimeError("no luck at /x?token=sekret-3")

    typed = "sekret-4"
    try:
        fail(typed)
    except RuntimeError:
        structlog.get_logger().exception("failed")
    out = capsys.readouterr().err
    assert "epoch=2" in out
    assert "RuntimeError: no luck" in out
    assert "sekret" not in out


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("half \udcff of a pair")
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text(), VALUES, max_size=6))
def test_a_line_is_what_the_standard_library_writes(event: dict[str, Any]) -> None:
    assert to_json_line(event, default=repr) == json.dumps(event, default=repr)


def test_a_line_says_when_it_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")
    before = datetime.now(UTC)
    for _ in range(3):
        structlog.get_logger().info("now")
    after = datetime.now(UTC)
    stamps = [line["timestamp"] for line in lines(capsys)]
    assert all(len(stamp) == len("2026-11-21T08:15:30.123456Z") for stamp in stamps)
    told = [datetime.fromisoformat(stamp) for stamp in stamps]
    assert [before - timedelta(milliseconds=1), *told, after + timedelta(milliseconds=1)] == sorted(
        [before - timedelta(milliseconds=1), *told, after + timedelta(milliseconds=1)]
    )
