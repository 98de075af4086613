"""Routes whose arguments are worked out once, when the route is made, instead of for each request.

FastAPI walks through everything that a route asks for with each request: which of it is a generator, whether a scope is meant, whether a
field may come several times. That costs more than most of our routes themselves. Where a route asks for nothing but coroutines and
parameters, the answers are the same each time, and `Plan` keeps them. What a route declares, its OpenAPI, its validation and the making
of its answer stay FastAPI's.

A route with a JSON body, or with a dependency that is a generator (a transaction), is left to FastAPI altogether: there the order matters
in which bodies are checked, credentials looked at and transactions begun and ended.
"""

import inspect
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import wraps
from types import NoneType
from typing import Any, Final, get_args

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from mdreader.http.errors import PROBLEM_RESPONSES

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_REQUEST: Final = "request"
_RESPONSE: Final = "response"


@dataclass(frozen=True, slots=True)
class _Step:
    """One call: of a dependency, or of the route itself at the end. `wants` says for each argument which earlier result it gets."""

    call: Callable[..., Coroutine[Any, Any, Any]]
    wants: tuple[tuple[str, int], ...]
    request: str | None
    response: str | None

    def arguments(self, request: Request, response: Response, results: Sequence[Any]) -> dict[str, Any]:
        """Its arguments, but for parameters of the request."""
        found = {name: results[index] for name, index in self.wants}
        if self.request is not None:
            found[self.request] = request
        if self.response is not None:
            found[self.response] = response
        return found


class _Parameters:
    """The parameters of one part of the request. Those that may be any text need no validation."""

    __slots__ = ("_checked", "_plain")

    def __init__(self, fields: Sequence[Any]) -> None:
        self._plain = tuple((field.name, field.alias, field.field_info.default) for field in fields if _is_plain(field))
        self._checked = [field for field in fields if not _is_plain(field)]

    def __bool__(self) -> bool:
        return bool(self._plain or self._checked)

    def read(self, given: Mapping[str, Any], into: dict[str, Any], errors: list[Any]) -> None:
        """Put them into the arguments, or what is wrong with them to the errors."""
        for name, alias, default in self._plain:
            into[name] = given.get(alias, default)
        if self._checked:
            values, found = request_params_to_args(self._checked, given)
            into |= values
            errors += found


def _is_plain(field: Any) -> bool:
    """Whether it is text with a default, or part of the path (and so always there), and any text will do."""
    info = field.field_info
    kinds = set(get_args(info.annotation) or (info.annotation,))
    always = info.in_.value == "path" if info.is_required() else info.default is None
    return kinds <= {str, NoneType} and always and not info.metadata and info.validation_alias in {None, field.alias}


class Plan:
    """How one route gets its arguments."""

    def __init__(self, dependant: Dependant) -> None:
        """Raises `TypeError` when the route asks for something that plans know nothing of."""
        self._steps: list[_Step] = []
        self._known: dict[Any, int] = {}
        self._route = self._step(dependant)
        self._path = _Parameters(dependant.path_params)
        self._query = _Parameters(dependant.query_params)
        self._headers = _Parameters(dependant.header_params)
        self._cookies = _Parameters(dependant.cookie_params)

    def _step(self, dependant: Dependant) -> _Step:
        call = dependant.call
        if call is None or not _is_coroutine(call) or dependant.body_params or dependant.own_oauth_scopes:
            raise TypeError
        if (
            dependant.background_tasks_param_name
            or dependant.security_scopes_param_name
            or dependant.websocket_param_name
        ):
            raise TypeError
        return _Step(
            call,
            tuple((of.name, self._result(of)) for of in dependant.dependencies if of.name is not None),
            dependant.request_param_name or dependant.http_connection_param_name,
            dependant.response_param_name,
        )

    def _result(self, dependant: Dependant) -> int:
        """Which result is this dependency's; one that is asked for twice is called once."""
        if dependant.path_params or dependant.query_params or dependant.header_params or dependant.cookie_params:
            raise TypeError
        if not dependant.use_cache:
            raise TypeError
        step = self._step(dependant)
        if dependant.call not in self._known:
            self._known[dependant.call] = len(self._steps)
            self._steps.append(step)
        return self._known[dependant.call]

    async def arguments(self, request: Request, response: Response) -> dict[str, Any]:
        """The route's arguments. Raises `RequestValidationError`, and what its dependencies raise."""
        results: list[Any] = []
        for step in self._steps:
            results.append(await step.call(**step.arguments(request, response, results)))
        found = self._route.arguments(request, response, results)
        errors: list[Any] = []
        self._path.read(request.path_params, found, errors)
        if self._query:
            self._query.read(request.query_params, found, errors)
        if self._headers:
            self._headers.read(request.headers, found, errors)
        if self._cookies:
            self._cookies.read(request.cookies, found, errors)
        if errors:
            raise RequestValidationError(errors)
        return found


def _is_coroutine(call: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004


def plan_of(dependant: Dependant) -> Plan | None:
    """The plan for a route; None when FastAPI has to see to it."""
    try:
        return Plan(dependant)
    except TypeError:
        return None


class PlannedRoute(APIRoute):
    """A route of ours."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, for a route that seems to ask for nothing but the request and the answer."""
        plan = plan_of(self.dependant)
        if plan is None:
            return super().get_route_handler()
        endpoint = self.endpoint

        @wraps(endpoint)
        async def planned(request: Request, response: Response) -> Any:
            return await endpoint(**await plan.arguments(request, response))

        route = copy(self)
        route.dependant = Dependant(
            call=planned, path=self.dependant.path, request_param_name=_REQUEST, response_param_name=_RESPONSE
        )
        return APIRoute.get_route_handler(route)


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """Make the routes of `router` the application's own. FastAPI's `include_router` looks each one up twice for each request."""
    app.router.routes.extend(router.routes)


def methods_of(scope: Scope) -> set[str]:
    """The methods that do something at the request's address; empty when no route stands there.

    The page is mounted behind the routes and takes what none of them does, so that it is asked instead of Starlette.
    """
    found = [route for route in scope["app"].router.routes if isinstance(route, APIRoute)]
    return {method for route in found if route.matches(scope)[0] is not Match.NONE for method in route.methods or ()}


def not_allowed(methods: Collection[str]) -> HTTPException:
    """The refusal of a method at an address that has only `methods`."""
    names = sorted(methods)
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return HTTPException(405, f"Only {listed}.", {"Allow": ", ".join(names)})


def make_router(prefix: str, *tags: str) -> APIRouter:
    """A router for a feature's routes."""
    return APIRouter(prefix=prefix, tags=list(tags), responses=PROBLEM_RESPONSES, route_class=PlannedRoute)
