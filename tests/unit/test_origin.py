"""Which pages may call in with a visitor's credentials."""

import pytest

from mdreader.http.origin import origin_allowed
from mdreader.runtime import Policy

POLICY = Policy(
    signup_open=True,
    max_document_bytes=1000,
    public_url="https://notes.example.com/mdreader",
    trusted_proxies=(),
    allowed_origins=("https://app.example.org",),
    metrics_token=None,
)


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "127.0.0.1:8000", True),  # not a browser
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("HTTP://LocalHost:8000", "localhost:8000", True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("https://notes.example.com", "internal:8000", True),
        ("https://app.example.org", "internal:8000", True),
        ("http://app.example.org", "internal:8000", False),
        ("https://app.example.org.evil.test", "internal:8000", False),
        ("null", "127.0.0.1:8000", False),
        ("", "", False),
        ("file://", "", False),
        ("chrome-extension://abc", "abc", False),
    ],
)
def test_origin(origin: str | None, host: str, *, allowed: bool) -> None:
    assert origin_allowed(POLICY, origin, host) is allowed
