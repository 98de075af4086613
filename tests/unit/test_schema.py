"""What the marks in a database say to a server."""

import pytest

from mdreader.migrations.schema import Schema, schema_of


@pytest.mark.parametrize(
    ("marks", "schema"),
    [
        ([], Schema()),
        (["0007"], Schema("0007")),
        (["0005_post", "0007"], Schema("0007", "0005_post")),
        (["0007_post"], Schema("0007", "0007_post")),
    ],
)
def test_marks(marks: list[str], schema: Schema) -> None:
    assert schema_of(marks) == schema


@pytest.mark.parametrize(
    ("schema", "head", "serves"),
    [
        (Schema(), "0007", False),
        (Schema("0006"), "0007", False),
        (Schema("0007"), "0007", True),
        (Schema("0008"), "0007", True),  # in the middle of a deployment
        (Schema("0008", "0007_post"), "0007", True),
        (Schema("0008", "0008_post"), "0007", False),
        (Schema("0008", "0008_post"), "0008", True),
    ],
)
def test_whom_a_schema_serves(schema: Schema, head: str, serves: bool) -> None:
    assert schema.serves(head) is serves
