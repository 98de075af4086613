"""Titles: front matter, else the first heading, else the file name."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdreader.features.documents import titles
from mdreader.features.documents.titles import title_of, title_of_path


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: Plain\n---\n# Heading\n", "Plain"),
        ("---\ntitle: Plain # a comment\n---\n", "Plain"),
        ('---\ntitle: "Quoted: \\"so\\" \\u00e9"\n---\n', 'Quoted: "so" é'),
        ("---\ntitle: 'It''s'\n---\n", "It's"),
        ("---\ndate: 2026-01-01\nTitle: Second key\n...\n", "Second key"),
        ("---\ntitle: >\n  Folded\n  over lines\nother: x\n---\n", "Folded over lines"),
        ("\ufeff---\r\ntitle: With BOM and CRLF\r\n---\r\n", "With BOM and CRLF"),
        ("---\nnested:\n  title: Not this\n---\n# Heading", "Heading"),
        ("---\ntitle:\n---\n# Heading", "Heading"),
        ("---\nsubtitle: Not this\n---\n# Heading", "Heading"),
        ("---\ntitle: never closed\n\n# Heading", "Heading"),
        ("# First\n# Second\n", "First"),
        ("\ufeff# First", "First"),
        ("text\n\n   ## Indented three   \n", "Indented three"),
        ("    # code\n\n# Heading", "Heading"),
        ("# Closed ##\n", "Closed"),
        ("# C#\n", "C#"),
        ("#\n# Second", "Second"),
        ("#NoSpace\n# Heading", "Heading"),
        ("Setext\n======\n", "Setext"),
        ("Two\nlines\n---\n", "Two lines"),
        ("text\n\n---\n\n# Heading", "Heading"),
        ("- item\n---\n# Heading", "Heading"),
        ("| a | b |\n|---|---|\n\n# Heading", "Heading"),
        ("```sh\n# a comment\n```\n# Heading", "Heading"),
        ("~~~~\n~~~\n# a comment\n~~~~\n# Heading", "Heading"),
        ("<!-- # hidden\n# hidden too -->\n# Heading", "Heading"),
        ("# `code` **bold** _italic_ [link](https://x.example) [ref][1]", "code bold italic link ref"),
        ("# ![badge](https://x.example/b.svg)\n# Heading", "Heading"),
        ("# snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("# <b>Tag</b> \\*literal\\*", "Tag *literal*"),
        ("# Ünïcode 日本語 🦊", "Ünïcode 日本語 🦊"),
        ("# a\tb\u2028c", "a b c"),
        ("no heading at all", ""),
        ("", ""),
        ("\n\n\n", ""),
    ],
)
def test_title_of_a_text(text: str, title: str) -> None:
    assert title_of(text) == title
    assert title_of(text.replace("\n", "\r\n")) == title


def test_a_long_title_is_cut() -> None:
    title = title_of("# " + "word " * 100)
    assert len(title) <= 200
    assert title.endswith("…")


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("guides/setup.md", "setup"),
        ("README.MD", "README"),
        ("a/notes.markdown", "notes"),
        ("v1.2.md", "v1.2"),
        ("v1.2", "v1.2"),
        (".md", ".md"),
        ("LICENSE", "LICENSE"),
    ],
)
def test_title_of_a_path(path: str, title: str) -> None:
    assert title_of_path(path) == title


@given(st.text())
def test_any_text_has_one_short_line_for_a_title(text: str) -> None:
    title = title_of(text)
    assert len(title) <= 200
    assert len(title.splitlines()) <= 1


LINES = st.sampled_from(
    [
        "---",
        "...",
        "title: One",
        "title: >",
        "  folded",
        "# Two",
        "#",
        "Three",
        "===",
        "```",
        "<!-- a",
        "b -->",
        "",
        "> q",
        "*f* `g`",
    ]
)


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(1, 80))
def test_it_does_not_matter_how_far_it_looks_first(lines: list[str], end: str, near: int) -> None:
    text = end.join(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(titles, "NEAR_CHARACTERS", len(text))
        whole = title_of(text)
        patch.setattr(titles, "NEAR_CHARACTERS", near)
        assert title_of(text) == whole


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "# ",
        " #",
        "#",
        "*",
        "_",
        "**a",
        "[",
        "![",
        "<!--",
        "`",
        "~~~\n",
        "---\n",
        "- ",
        "\\",
        "<a ",
        "a\n",
        '"',
        "'",
    ],
)
def test_five_megabytes_cost_no_more_than_a_head(unit: str) -> None:
    texts = [prefix + unit * (5_000_000 // len(unit)) for prefix in ("", "# ", "---\ntitle: ", "a ")]
    rounds = []
    for _ in range(3):
        start = time.thread_time()
        for text in texts:
            title_of(text)
        rounds.append(time.thread_time() - start)
    assert min(rounds) < 0.2
