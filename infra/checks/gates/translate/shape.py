"""How a resource of Terraform becomes one of CloudFormation: a table of properties, each with where its value is."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gates.plans import UNKNOWN

PARAMETER = "KnownAfterApply"
UNKNOWN_VALUE = {"Ref": PARAMETER}
Values = Mapping[str, Any]
Getter = Callable[[Values], Any]


@dataclass(frozen=True)
class Shape:
    """A type of CloudFormation and its properties; one whose value is None is left out."""

    type: str
    table: Mapping[str, Getter]

    def properties(self, values: Values) -> dict[str, Any]:
        """The properties of a resource with these values."""
        return fill(self.table, values)


def fill(table: Mapping[str, Getter], values: Values) -> dict[str, Any]:
    """What the table finds in `values`, without what is not set."""
    found = {name: get(values) for name, get in table.items()}
    return {name: known(value) for name, value in found.items() if value is not None and value != ""}


def known(value: Any) -> Any:
    """`value` with a reference to the parameter wherever it is not known yet."""
    if value is UNKNOWN:
        return UNKNOWN_VALUE
    if isinstance(value, dict):
        return {key: known(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [known(inner) for inner in value]
    return value


def at(name: str) -> Getter:
    """The attribute of this name."""
    return lambda values: values.get(name)


def always(value: Any) -> Getter:
    """What CloudFormation asks for and the check is not about."""
    return lambda _: value


def number(name: str) -> Getter:
    """The attribute as a number; nothing if it is 0, which is how Terraform says unset."""
    return lambda values: _number(values.get(name))


def string(name: str) -> Getter:
    """The attribute as a string."""
    return lambda values: None if values.get(name) is None else _unless_unknown(values[name], str)


def document(name: str) -> Getter:
    """JSON in an attribute."""
    return lambda values: None if values.get(name) in (None, "") else _unless_unknown(values[name], json.loads)


def strings(name: str) -> Getter:
    """A list; nothing if it is empty."""
    return lambda values: values.get(name) or None


def block(name: str, table: Mapping[str, Getter]) -> Getter:
    """The one block of this name."""

    def get(values: Values) -> Any:
        inner = values.get(name)
        if inner is UNKNOWN:
            return UNKNOWN
        return fill(table, inner[0]) if inner and inner[0] else None

    return get


def blocks(name: str, table: Mapping[str, Getter]) -> Getter:
    """Every block of this name."""

    def get(values: Values) -> Any:
        inner = values.get(name)
        if inner is UNKNOWN:
            return None
        return [fill(table, one) for one in inner] if inner else None

    return get


def _number(value: Any) -> Any:
    if value is UNKNOWN or value is None:
        return value
    return int(value) or None


def _unless_unknown(value: Any, change: Callable[[Any], Any]) -> Any:
    return value if value is UNKNOWN else change(value)
