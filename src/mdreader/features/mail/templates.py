"""What our mails say. Each template is a function from its data to a `Content`; `TEMPLATES` names them.

Data comes from people, too (the name of a device): it is one line when it gets here, and `layout` escapes it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mdreader.features.mail.layout import Content
from mdreader.kernel.errors import InvalidInputError

Data = Mapping[str, Any]

_NOT_ME: Final = "If this was not you, ignore this mail: nothing happens then."


def content_of(template: str, data: Data) -> Content:
    """What mail `template` says with `data`.

    Raises `KeyError` for a template or a field that is missing, `InvalidInputError` for a link that is none.
    """
    return TEMPLATES[template]({name: _clean(name, value) for name, value in data.items()})


def _clean(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if name == "link" and not value.startswith(("https://", "http://")):
        raise InvalidInputError("A link in a mail starts with https:// or http://.")
    # A line break would let a device's name write paragraphs of its own.
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


def _holds(data: Data) -> str:
    return f"It works once, and for {data['minutes']} minutes."


def _where(data: Data, what: str = "done") -> tuple[str, ...]:
    place = [data[name] for name in ("device", "address") if data.get(name)]
    return (f"It was {what} from: {', '.join(place)}.",) if place else ()


def _verify_email(data: Data) -> Content:
    return Content(
        "Confirm your address",
        ("Please confirm that this is your address.", _holds(data)),
        action=("Confirm address", data["link"]),
        code=data.get("code"),
        notes=("If you have no account here, ignore this mail: nothing happens then.",),
    )


def _magic_link(data: Data) -> Content:
    return Content(
        "Your link to log in",
        ("Open this link to log in, or enter the code where you asked for it.", _holds(data)),
        action=("Log in", data["link"]),
        code=data["code"],
        notes=(
            *_where(data, "asked for"),
            "Never pass the link or the code on: whoever has one of them is let in.",
            _NOT_ME,
        ),
    )


def _password_reset(data: Data) -> Content:
    return Content(
        "Choose a new password",
        ("Open this link to choose a new password, or enter the code where you asked for it.", _holds(data)),
        action=("Choose a password", data["link"]),
        code=data["code"],
        notes=(*_where(data, "asked for"), "Your password stays as it is until you choose another.", _NOT_ME),
    )


def _sign_in_code(data: Data) -> Content:
    return Content(
        f"{data['code']} is your code to log in",
        ("Enter this code where you are logging in.", _holds(data)),
        code=data["code"],
        notes=(
            *_where(data),
            "Never pass it on. If you are not logging in, somebody knows your password: choose another.",
        ),
    )


def _email_taken(data: Data) -> Content:
    return Content(
        "You have an account already",
        (
            "Somebody, perhaps you, tried to sign up with this address. It has an account already: log in to it.",
            "If you have forgotten the password, you can choose another there.",
        ),
        action=("Log in", data["link"]),
        notes=(_NOT_ME,),
    )


def _notice(subject: str, sentence: str, data: Data) -> Content:
    return Content(
        subject,
        (sentence, *_where(data)),
        action=("Look after your account", data["link"]),
        notes=("If this was not you, somebody else is in your account: choose a new password at once.",),
    )


def _password_changed(data: Data) -> Content:
    sentences = ["The password of your account was changed."]
    if data.get("keys_revoked"):
        sentences.append("All API keys were revoked.")
    names = {"keys": "API key", "passkeys": "passkey", "identities": "linked account"}
    left = [f"{count} {names[kind]}{'s'[: count > 1]}" for kind, count in (data.get("left") or {}).items() if count]
    if left:
        sentences.append(f"It can still be opened with: {', '.join(left)}. See in it whether all are yours.")
    return _notice("Your password was changed", " ".join(sentences), data)


def _totp_enabled(data: Data) -> Content:
    return _notice(
        "An authenticator app was added", "From now on, logging in asks for a code of your authenticator app.", data
    )


def _totp_disabled(data: Data) -> Content:
    return _notice(
        "The authenticator app was removed", "Logging in no longer asks for a code of an authenticator app.", data
    )


def _passkey_added(data: Data) -> Content:
    # Without a name where the address is not confirmed: nobody gets to write to a stranger through it.
    which = f"The passkey “{data['name']}”" if "name" in data else "A passkey"
    return _notice("A passkey was added", f"{which} can log in to your account now.", data)


def _identity_linked(data: Data) -> Content:
    provider = data["provider"]
    return _notice(f"{provider} was linked", f"An account at {provider} can log in to your account now.", data)


TEMPLATES: Final[dict[str, Callable[[Data], Content]]] = {
    "verify_email": _verify_email,
    "magic_link": _magic_link,
    "password_reset": _password_reset,
    "sign_in_code": _sign_in_code,
    "email_taken": _email_taken,
    "password_changed": _password_changed,
    "totp_enabled": _totp_enabled,
    "totp_disabled": _totp_disabled,
    "passkey_added": _passkey_added,
    "identity_linked": _identity_linked,
}
# What is sent because something happened to an account, not because somebody waits for it.
NOTICE_TEMPLATES: Final = frozenset(
    {"email_taken", "password_changed", "totp_enabled", "totp_disabled", "passkey_added", "identity_linked"}
)
