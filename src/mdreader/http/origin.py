"""Which web pages may use a visitor's credentials here: our own, and those that the settings name."""

from urllib.parse import urlsplit

from mdreader.runtime import Policy


def origin_allowed(policy: Policy, origin: str | None, host: str) -> bool:
    """Whether a request with this `Origin` header may come in; `host` is its `Host` header.

    Programs other than browsers send no `Origin` and bring their own credentials, so its absence is allowed; `null`
    (sandboxed frames, files) never is.
    """
    if origin is None:
        return True
    origin = origin.strip().lower().rstrip("/")
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return False
    if parts.netloc == host.strip().lower():
        return True
    known = (*policy.allowed_origins, *([policy.public_url] if policy.public_url else []))
    return any(origin == _origin_of(url) for url in known)


def _origin_of(url: str) -> str:
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc}"
