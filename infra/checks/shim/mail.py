"""SES v2, of which moto speaks too little: what it says cannot be read, and where reports go it does not know."""

from typing import Any
from urllib.parse import unquote

from shim.wire import Ask, Call, Reply, reply

PREFIX = "/v2/email/"


class Mail:
    """Identities, configuration sets and where reports go."""

    def __init__(self, ask: Ask) -> None:
        """Start with nothing."""
        self.ask = ask
        self.kept: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def answer(self, call: Call) -> Reply | None:
        """Answer a request of SES."""
        if not call.path.startswith(PREFIX):
            return None
        kind, *names = unquote(call.path[len(PREFIX) :]).split("/")
        if kind == "tags":
            return reply(self._tags(call))
        if call.method == "POST" and not names:
            return reply(self._made(kind, call.json))
        place = f"{kind}/{names[0]}" if names else ""
        if place not in self.kept:
            return reply(
                {"message": f"{call.path} is not there"}, "404 NOT FOUND", x_amzn_ErrorType="NotFoundException"
            )
        return reply(self._change(call.method, place, names[1:], call.json))

    def _made(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        name = body["EmailIdentity" if kind == "identities" else "ConfigurationSetName"]
        self.kept[f"{kind}/{name}"] = _identity(name, body) if kind == "identities" else body
        self.tags[name] = {tag["Key"]: tag["Value"] for tag in body.get("Tags") or []}
        return self.kept[f"{kind}/{name}"]

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

    def _tags(self, call: Call) -> dict[str, Any]:
        name = (call.json.get("ResourceArn") or call.query["ResourceArn"][0]).rsplit("/", 1)[-1]
        tags = self.tags.setdefault(name, {})
        if call.method == "POST":
            tags.update({tag["Key"]: tag["Value"] for tag in call.json["Tags"]})
        for key in call.query.get("TagKeys", []) if call.method == "DELETE" else []:
            tags.pop(key, None)
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


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
