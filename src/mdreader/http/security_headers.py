"""What every answer tells the browser about what our pages may do."""

from mdreader.runtime import Policy

_SOURCES = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # CodeMirror mounts its styles as elements
    "img-src": "'self' data: blob: https:",  # documents show pictures of other sites
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "form-action": "'self'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{directive} {sources}" for directive, sources in _SOURCES.items())

_ALWAYS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-resource-policy": "same-origin",
}


def security_headers(policy: Policy) -> list[tuple[bytes, bytes]]:
    """The headers as ASGI wants them; they promise HTTPS for a year only where the public address is HTTPS."""
    headers = dict(_ALWAYS)
    if policy.public_url and policy.public_url.startswith("https://"):
        headers["strict-transport-security"] = "max-age=31536000"
    return [(name.encode(), value.encode()) for name, value in headers.items()]
