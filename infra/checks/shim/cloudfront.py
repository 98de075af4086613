"""CloudFront: policies, which moto does not have; what it leaves out of a distribution or adds to it; and what is still in use."""

import itertools
import re

from shim.wire import Ask, Call, Reply, refusal, reply

ROOT = "/2020-05-31/"
# CloudFront's policies, and what their XML is called.
POLICIES = {
    "cache-policy": "CachePolicy",
    "origin-request-policy": "OriginRequestPolicy",
    "response-headers-policy": "ResponseHeadersPolicy",
}
# These name others, by ids or ARNs, and those are not taken away as long as they do.
USERS = ("distribution", "key-group")
BEHAVIOUR = re.compile(rb"<(DefaultCacheBehavior|CacheBehavior)>.*?</\1>", re.DOTALL)
FUNCTIONS = re.compile(rb"<FunctionAssociations>.*?</FunctionAssociations>", re.DOTALL)
USED = (*POLICIES, "key-group", "public-key", "function", "origin-access-control")


class CloudFront:
    """Keeps what it is given, and takes away nothing that something else names, as AWS does not."""

    def __init__(self, ask: Ask) -> None:
        """Start with nothing."""
        self.ask = ask
        self.numbers = itertools.count(1)
        self.policies: dict[str, bytes] = {}
        self.users: dict[str, bytes] = {}
        self.comments: dict[str, bytes] = {}

    def uses(self, name: str) -> bool:
        """Whether a distribution or a group of keys names this id or ARN."""
        return any(re.search(rf"[>/]{re.escape(name)}<".encode(), text) for text in self.users.values())

    def answer(self, call: Call) -> Reply | None:
        """Answer a request of CloudFront where moto does not do."""
        if not call.path.startswith(ROOT):
            return None
        kind, *names = call.path[len(ROOT) :].split("/")
        if call.method == "DELETE" and kind in USED and self.uses(names[0]):
            return refusal(f"{POLICIES.get(kind, kind)}InUse")
        if kind in POLICIES:
            return self._policy(kind, names, call)
        if kind == "function" and names[1:] == ["publish"]:
            # It is as good as published: moto has one stage.
            return self.ask(call.going("GET", f"{ROOT}function/{names[0]}/describe"))
        if kind in USERS:
            return self._user(kind, names, call)
        return self._public_key(names, call) if kind == "public-key" else None

    def _policy(self, kind: str, names: list[str], call: Call) -> Reply:
        key = f"policy-{next(self.numbers)}" if call.method == "POST" else names[0]
        if call.method != "POST" and key not in self.policies:
            return refusal(f"NoSuch{POLICIES[kind]}", "404 NOT FOUND")
        if call.method in ("POST", "PUT"):
            self.policies[key] = re.sub(rb"<\?xml[^>]*\?>", b"", call.body)
        elif call.method == "DELETE":
            del self.policies[key]
            return reply(b"", "204 NO CONTENT")
        head = f"<Id>{key}</Id><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>"
        whole = f"<{POLICIES[kind]}>{head}".encode() + self.policies[key] + f"</{POLICIES[kind]}>".encode()
        return reply(whole, "201 CREATED" if call.method == "POST" else "200 OK", ETag=key)

    def _user(self, kind: str, names: list[str], call: Call) -> Reply:
        if call.method == "DELETE" and kind == "key-group":
            # moto has no deleting of them.
            self.users.pop(names[0], None)
            return reply(b"", "204 NO CONTENT")
        found = self.ask(call)
        key = names[0] if names else _between(b"<Id>", b"</Id>", found.text).decode()
        if found.good and call.method == "DELETE":
            self.users.pop(key, None)
        elif found.good and call.method in ("POST", "PUT"):
            self.users[key] = call.body
        return found.saying(self._as_it_was_sent(key, found.text)) if kind == "distribution" else found

    def _as_it_was_sent(self, key: str, text: bytes) -> bytes:
        """A distribution without what nobody sent, and with what moto leaves out: functions, and who CloudFront is to a bucket."""
        sent = self.users.get(key, b"")
        if b"<ForwardedValues>" not in sent:
            text = re.sub(rb"\s*<ForwardedValues>.*?</ForwardedValues>", b"", text, flags=re.DOTALL)
        if b"<ACMCertificateArn>" in sent:
            text = text.replace(b"<CloudFrontDefaultCertificate>true<", b"<CloudFrontDefaultCertificate>false<")
        functions = {_path(match[0]): FUNCTIONS.search(match[0]) for match in BEHAVIOUR.finditer(sent)}

        def with_functions(match: re.Match[bytes]) -> bytes:
            said = functions.get(_path(match[0]))
            return FUNCTIONS.sub(lambda _: said[0], match[0]) if said else match[0]

        text = BEHAVIOUR.sub(with_functions, text)
        for origin in re.findall(rb"<Origin>.*?</Origin>", sent, re.DOTALL):
            name = b"<Id>" + _between(b"<Id>", b"</Id>", origin) + b"</Id>"
            identity = re.search(rb"<OriginAccessControlId>[^<]+</OriginAccessControlId>", origin)
            if identity and identity[0] not in text:
                text = re.sub(rb"(<Origin>\s*" + name + rb")", rb"\1" + identity[0], text)
        return text

    def _public_key(self, names: list[str], call: Call) -> Reply:
        found = self.ask(call)
        key = names[0] if names else _between(b"<Id>", b"</Id>", found.text).decode()
        if call.method in ("POST", "PUT"):
            self.comments[key] = _between(b"<Comment>", b"</Comment>", call.body)
        said = self.comments.get(key, b"")
        return found.saying(found.text.replace(b"<Comment></Comment>", b"<Comment>" + said + b"</Comment>"))


def _path(behaviour: bytes) -> bytes:
    return _between(b"<PathPattern>", b"</PathPattern>", behaviour)


def _between(left: bytes, right: bytes, text: bytes) -> bytes:
    found = re.search(re.escape(left) + rb"(.*?)" + re.escape(right), text, re.DOTALL)
    return found[1] if found else b""
