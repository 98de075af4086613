"""moto's server with a shim for what it lacks, for infra/checks/cycle.py: `python emulator.py PORT_FILE`.

The shim keeps what it is given and says it again, no more: the point is Terraform's own order of making, asking and taking away.
"""

import itertools
import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from moto.server import DomainDispatcherApplication, create_backend_app  # type: ignore[attr-defined]
from werkzeug.serving import make_server

Environ = dict[str, Any]
Start = Callable[..., Any]
App = Callable[[Environ, Start], Iterable[bytes]]
# CloudFront's policies, and what their XML is called.
POLICIES: Final = {
    "cache-policy": "CachePolicy",
    "origin-request-policy": "OriginRequestPolicy",
    "response-headers-policy": "ResponseHeadersPolicy",
}
POLICY: Final = re.compile(
    r"^/2020-05-31/(cache-policy|origin-request-policy|response-headers-policy)(?:/([\w-]+))?(/config)?$"
)
PUBLISH: Final = re.compile(r"^/2020-05-31/function/([\w-]+)/publish$")
KEY_GROUP: Final = re.compile(r"^/2020-05-31/key-group/[\w-]+$")
SES: Final = "/v2/email/"
# How much an object has to have to be moved: the provider waits until it is said again.
LEAST_SIZE: Final = "x-amz-transition-default-minimum-object-size"

# moto has replication groups, and not the nodes that they are made of.
CACHE_NODE: Final = (
    '<DescribeCacheClustersResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><DescribeCacheClustersResult><CacheClusters>'
    "<CacheCluster><CacheClusterId>{0}</CacheClusterId><CacheClusterStatus>available</CacheClusterStatus><Engine>valkey</Engine>"
    "<EngineVersion>8.0.1</EngineVersion><CacheNodeType>cache.t4g.micro</CacheNodeType><NumCacheNodes>1</NumCacheNodes>"
    "<PreferredMaintenanceWindow>sun:04:30-sun:05:30</PreferredMaintenanceWindow><AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade>"
    "<CacheParameterGroup><CacheParameterGroupName>default.valkey8</CacheParameterGroupName></CacheParameterGroup>"
    "<TransitEncryptionEnabled>true</TransitEncryptionEnabled><TransitEncryptionMode>required</TransitEncryptionMode>"
    "<AtRestEncryptionEnabled>true</AtRestEncryptionEnabled></CacheCluster></CacheClusters></DescribeCacheClustersResult>"
    "</DescribeCacheClustersResponse>"
)
GONE: Final = (
    b'<ErrorResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><Error><Type>Sender</Type>'
    b"<Code>ReplicationGroupNotFoundFault</Code><Message>It is gone</Message></Error></ErrorResponse>"
)


def answer(start: Start, status: str, body: bytes | dict[str, Any], **headers: str) -> Iterable[bytes]:
    """XML as it is, or JSON."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/xml" if isinstance(body, bytes) else "application/json"
    start(
        status,
        [("Content-Type", kind), *((name.replace("_", "-"), value) for name, value in headers.items())],
    )
    return [text]


class Mail:
    """SES v2, of which moto speaks too little: what it says cannot be read, and where reports go it does not know."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.kept: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def __call__(self, method: str, path: str, query: str, body: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request; `path` is what comes after /v2/email/."""
        kind, *names = path.split("/")
        if kind == "tags":
            return answer(start, "200 OK", self._tags(method, parse_qs(query), body))
        if method == "POST" and not names:
            name = body["EmailIdentity" if kind == "identities" else "ConfigurationSetName"]
            self.kept[f"{kind}/{name}"] = self._identity(name, body) if kind == "identities" else body
            self.tags[name] = {tag["Key"]: tag["Value"] for tag in body.get("Tags") or []}
            return answer(start, "200 OK", self.kept[f"{kind}/{name}"])
        place = f"{kind}/{names[0]}" if names else ""
        if place not in self.kept:
            return answer(
                start, "404 NOT FOUND", {"message": f"{path} is not there"}, x_amzn_ErrorType="NotFoundException"
            )
        return answer(start, "200 OK", self._change(method, place, names[1:], body))

    def _change(self, method: str, place: str, rest: list[str], body: dict[str, Any]) -> dict[str, Any]:
        whole = self.kept[place]
        if not rest:
            return self.kept.pop(place) if method == "DELETE" else whole
        if rest[0] == "event-destinations":
            targets = whole.setdefault("EventDestinations", {})
            name = rest[1] if rest[1:] else body.get("EventDestinationName", "")
            if method == "DELETE":
                targets.pop(name, None)
            elif method != "GET":
                targets[name] = {"Name": name, **body["EventDestination"]}
            return {"EventDestinations": list(targets.values())}
        if rest[0] == "mail-from":
            whole["MailFromAttributes"] = {
                "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
                **body,
                "MailFromDomainStatus": "SUCCESS",
            }
        elif rest[0] == "configuration-set":
            whole.update(body)
        return {}

    def _tags(self, method: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        name = (body.get("ResourceArn") or query["ResourceArn"][0]).rsplit("/", 1)[-1]
        tags = self.tags.setdefault(name, {})
        if method == "POST":
            tags.update({tag["Key"]: tag["Value"] for tag in body["Tags"]})
        for key in query.get("TagKeys", []) if method == "DELETE" else []:
            tags.pop(key, None)
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    @staticmethod
    def _identity(name: str, body: dict[str, Any]) -> dict[str, Any]:
        length = (body.get("DkimSigningAttributes") or {}).get("NextSigningKeyLength", "RSA_2048_BIT")
        return {
            "IdentityType": "DOMAIN",
            "FeedbackForwardingStatus": True,
            "VerifiedForSendingStatus": True,
            "VerificationStatus": "SUCCESS",
            "ConfigurationSetName": body.get("ConfigurationSetName"),
            "Tags": body.get("Tags") or [],
            "DkimAttributes": {
                "SigningEnabled": True,
                "Status": "SUCCESS",
                "Tokens": [f"{number}{name.replace('.', '')}" for number in "abc"],
                "SigningAttributesOrigin": "AWS_SES",
                "NextSigningKeyLength": length,
                "CurrentSigningKeyLength": length,
            },
        }


class Shim:
    """Answers what moto does not, and hands on the rest."""

    def __init__(self, app: App) -> None:
        """Stand before `app`."""
        self.app = app
        self.numbers = itertools.count(1)
        self.policies: dict[str, bytes] = {}
        self.lifecycles: dict[str, tuple[bytes, str]] = {}
        self.allowed: dict[str, str] = {}
        self.scaling: dict[str, dict[str, str]] = {}
        self.mail = Mail()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer a request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if found := POLICY.match(path):
            return self._policy(method, found[1], found[2], body, start)
        if path.startswith(SES):
            return self.mail(
                method, unquote(path[len(SES) :]), environ["QUERY_STRING"], json.loads(body or b"{}"), start
            )
        if method == "DELETE" and KEY_GROUP.match(path):
            return answer(start, "204 NO CONTENT", b"")
        if found := PUBLISH.match(path):
            # It is as good as published: moto has one stage.
            path = f"/2020-05-31/function/{found[1]}/describe"
            environ.update(REQUEST_METHOD="GET", PATH_INFO=path, RAW_URI=path, REQUEST_URI=path, QUERY_STRING="")
        if "lifecycle" in parse_qs(environ["QUERY_STRING"], keep_blank_values=True):
            return self._lifecycle(environ, body, start)
        if body.startswith(b"Action="):
            return self._form(environ, parse_qs(body.decode(errors="replace")), start)
        return self._named(environ, environ.get("HTTP_X_AMZ_TARGET", ""), body, start)

    def _form(self, environ: Environ, form: dict[str, list[str]], start: Start) -> Iterable[bytes]:
        """What is asked for by a form's Action."""
        action = form["Action"][0]
        if action == "DescribeCacheClusters" and "CacheClusterId" in form:
            return answer(start, "200 OK", CACHE_NODE.format(form["CacheClusterId"][0]).encode())
        if action == "DeleteCacheSubnetGroup":
            return answer(start, "200 OK", b"<DeleteCacheSubnetGroupResponse/>")
        if action == "DescribeReplicationGroups":
            return self._replication_group(environ, start)
        return self._ask(environ, start)

    def _named(self, environ: Environ, target: str, body: bytes, start: Start) -> Iterable[bytes]:
        """What is asked for by a header."""
        if target.startswith("AmazonSQS."):
            return self._queue(target, environ, body, start)
        if target.startswith("AnyScaleFrontendService."):
            return self._scaling(target, environ, body, start)
        if target == "CertificateManager.DescribeCertificate":
            return self._certificate(environ, start)
        if target == "secretsmanager.CancelRotateSecret":
            # RDS's own secret has no function that rotates it, and moto lets nobody cancel what such a one does not do.
            return answer(start, "200 OK", {"ARN": json.loads(body)["SecretId"]})
        return self._ask(environ, start)

    def _policy(self, method: str, kind: str, key: str | None, body: bytes, start: Start) -> Iterable[bytes]:
        if method == "POST":
            key = f"policy-{next(self.numbers)}"
        if key is None or (method != "POST" and key not in self.policies):
            error = f"<ErrorResponse><Error><Code>NoSuch{POLICIES[kind]}</Code><Message>none</Message></Error></ErrorResponse>"
            return answer(start, "404 NOT FOUND", error.encode())
        if method in ("POST", "PUT"):
            self.policies[key] = re.sub(rb"<\?xml[^>]*\?>", b"", body)
        elif method == "DELETE":
            del self.policies[key]
            return answer(start, "204 NO CONTENT", b"")
        head = f"<Id>{key}</Id><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>"
        whole = f"<{POLICIES[kind]}>{head}".encode() + self.policies[key] + f"</{POLICIES[kind]}>".encode()
        return answer(start, "201 CREATED" if method == "POST" else "200 OK", whole, ETag=key)

    def _lifecycle(self, environ: Environ, body: bytes, start: Start) -> Iterable[bytes]:
        """The rules of a bucket, which moto gives back in other words than it was given."""
        method, place = environ["REQUEST_METHOD"], f"{environ.get('HTTP_HOST')}{environ['PATH_INFO']}"
        if method == "GET" and place in self.lifecycles:
            rules, size = self.lifecycles[place]
            return answer(start, "200 OK", rules, **{LEAST_SIZE: size})
        if method == "PUT":
            size = environ.get(f"HTTP_{LEAST_SIZE.upper().replace('-', '_')}", "all_storage_classes_128K")
            self.lifecycles[place] = (body, size)
            return answer(start, "200 OK", b"", **{LEAST_SIZE: size})
        if method == "DELETE" and self.lifecycles.pop(place, None):
            return answer(start, "204 NO CONTENT", b"")
        return self._ask(environ, start)

    def _queue(self, target: str, environ: Environ, body: bytes, start: Start) -> Iterable[bytes]:
        asked = json.loads(body or b"{}")
        attributes = asked.get("Attributes") or {}
        if target.endswith("SetQueueAttributes") and "RedriveAllowPolicy" in attributes:
            self.allowed[asked["QueueUrl"]] = attributes["RedriveAllowPolicy"]
            return answer(start, "200 OK", {})
        if not target.endswith("GetQueueAttributes"):
            return self._ask(environ, start)
        # moto does not know the name, and refuses whoever asks for it.
        names = [name for name in asked.get("AttributeNames") or [] if name != "RedriveAllowPolicy"]
        body = json.dumps({**asked, "AttributeNames": names or ["QueueArn"]}).encode()
        environ.update({"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        head, text = self._heard(environ)
        if not head[0].startswith("200"):
            start(*head)
            return [text]
        whole = json.loads(text)
        if self.allowed.get(asked["QueueUrl"]):
            whole.setdefault("Attributes", {})["RedriveAllowPolicy"] = self.allowed[asked["QueueUrl"]]
        return answer(start, "200 OK", whole)

    def _replication_group(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """To moto a group that is deleted is being deleted for good."""
        head, text = self._heard(environ)
        if b"<Status>deleting</Status>" in text:
            return answer(start, "404 NOT FOUND", GONE)
        start(*head)
        return [text]

    def _certificate(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """To moto a certificate is in use for good, and the provider waits for the end of that before it deletes one."""
        head, text = self._heard(environ)
        if not head[0].startswith("200"):
            start(*head)
            return [text]
        whole = json.loads(text)
        whole["Certificate"]["InUseBy"] = []
        return answer(start, "200 OK", whole)

    def _scaling(self, target: str, environ: Environ, body: bytes, start: Start) -> Iterable[bytes]:
        """Application Auto Scaling, of which moto takes tags and never says them."""
        asked = json.loads(body or b"{}")
        if target.endswith(".ListTagsForResource"):
            return answer(start, "200 OK", {"Tags": self.scaling.get(asked["ResourceARN"], {})})
        head, text = self._heard(environ)
        if target.endswith(".RegisterScalableTarget") and head[0].startswith("200") and "Tags" in asked:
            self.scaling[json.loads(text)["ScalableTargetARN"]] = asked["Tags"]
        start(*head)
        return [text]

    def _heard(self, environ: Environ) -> tuple[Any, bytes]:
        """How moto begins an answer, and the answer."""
        said: list[Any] = []
        text = b"".join(self._ask(environ, lambda *head: said.append(head)))
        return said[0], text

    def _ask(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Let moto answer, and write down what it cannot."""
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ.get('HTTP_X_AMZ_TARGET', '')}"
        said: list[str] = []

        def begin(status: str, *more: Any) -> Any:
            said.append(status)
            return start(status, *more)

        text = b"".join(self.app(environ, begin))
        if said and said[0][0] in "45":
            print(asked, said[0], text[:300], flush=True)
        return [text]


def main() -> None:
    """Serve until killed."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Shim(DomainDispatcherApplication(create_backend_app)), threaded=True)
    Path(sys.argv[1]).write_text(str(server.server_port))
    server.serve_forever()


if __name__ == "__main__":
    main()
