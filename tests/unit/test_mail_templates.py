"""What our mails say, whatever is put into them."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from mdreader.features.mail.addresses import canonical
from mdreader.features.mail.layout import as_html, as_text
from mdreader.features.mail.templates import TEMPLATES, content_of
from mdreader.kernel.errors import InvalidInputError

LINK = "https://notes.example.org/sign-in/link#token=a&b"
DATA: dict[str, Any] = {
    "link": LINK,
    "code": "123456",
    "minutes": 15,
    "name": "Laptop",
    "provider": "Google",
    "device": "Firefox on Linux",
    "address": "192.0.2.7",
}
EVIL = '"><img src=https://evil.example.org/x.png><script>alert(1)</script>\r\n\r\nPay here: \u2028\x00'


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_forms_say_the_same(template: str) -> None:
    content = content_of(template, DATA)
    text, page = as_text(content), Elements(as_html(content))
    for part in (*content.paragraphs, *content.notes, *filter(None, [content.code])):
        assert part in text
        assert part in page.text
    links = {attributes["href"] for tag, attributes in page.found if tag == "a"}
    assert links == ({LINK} if content.action else set())
    if content.action:
        assert LINK in text
    assert content.subject
    assert "\n" not in content.subject


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_is_fetched_and_nothing_runs(template: str) -> None:
    page = as_html(content_of(template, {**DATA, "device": EVIL, "name": EVIL, "provider": EVIL, "code": EVIL}))
    allowed = {"html", "head", "meta", "title", "style", "body", "div", "p", "a", "span"}
    elements = Elements(page)
    assert {tag for tag, _ in elements.found} <= allowed
    assert not any(name.startswith("on") or name == "src" for _, attributes in elements.found for name in attributes)
    assert not re.search(r"@import|url\(", page)
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_people_are_called_stays_one_line(template: str) -> None:
    content = content_of(template, {**DATA, "device": EVIL, "name": EVIL, "provider": EVIL, "code": EVIL})
    assert content.subject.isprintable()
    assert all(part.isprintable() for part in (*content.paragraphs, *content.notes))
    assert "\n\nPay here" not in as_text(content)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "//evil.example.org", "/sign-in", ""])
def test_a_link_leads_to_a_page(link: str) -> None:
    with pytest.raises(InvalidInputError):
        content_of("magic_link", {**DATA, "link": link})


@pytest.mark.parametrize("missing", ["link", "code", "minutes"])
def test_a_field_that_is_missing_is_noticed_at_once(missing: str) -> None:
    with pytest.raises(KeyError):
        content_of("magic_link", {name: value for name, value in DATA.items() if name != missing})


def test_a_template_that_is_missing_is_noticed_at_once() -> None:
    with pytest.raises(KeyError):
        content_of("no_such_mail", DATA)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (" Ada@Example.ORG ", "ada@example.org"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("u\u0308@example.org", "ü@example.org"),
    ],
)
def test_one_form_of_an_address(text: str, form: str) -> None:
    assert canonical(text) == form
