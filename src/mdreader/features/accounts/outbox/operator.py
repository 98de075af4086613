"""The operator: the account that runs the server. It is the first that was ever made."""

from typing import Annotated

from fastapi import Depends

from mdreader.features.accounts import queries
from mdreader.features.accounts.current import SessionActor
from mdreader.http.dependencies import RuntimeDep
from mdreader.kernel.actor import Actor
from mdreader.kernel.errors import ForbiddenError


class OperatorRequiredError(ForbiddenError):
    """Only for the account that runs the server (403)."""

    code = "operator_required"
    title = "Only the account that runs this server may do this"


async def _operator(actor: SessionActor, runtime: RuntimeDep) -> Actor:
    async with runtime.database.read() as conn:
        user = await queries.user_by_id(conn, actor.user_id)
    if user is None or not user.is_operator:
        raise OperatorRequiredError
    return actor


Operator = Annotated[Actor, Depends(_operator)]
