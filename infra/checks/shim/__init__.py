"""What moto lacks, kept and said again as it was sent: the point is Terraform's own order of making, asking and taking away.

Nothing here makes up what was not sent, so whatever a second plan would change is a fault of infra/. What is still in use is not taken
away, as in AWS.
"""

from collections.abc import Callable, Iterable
from typing import Any

from shim.cloudfront import CloudFront
from shim.mail import Mail
from shim.memory import Memory
from shim.wire import Call, Environ, Reply


class Shim:
    """Answers what moto does not, and hands on the rest."""

    def __init__(self, app: Callable[..., Any]) -> None:
        """Stand before `app`."""
        self.app = app
        cloudfront = CloudFront(self.ask)
        self.parts = (Mail(self.ask), cloudfront, Memory(self.ask, cloudfront.uses))

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        call = Call.read(environ)
        found = next((one for part in self.parts if (one := part.answer(call))), None) or self.ask(call)
        start(found.status, [*found.headers, ("Content-Length", str(len(found.text)))])
        return [found.text]

    def ask(self, call: Call) -> Reply:
        """Let moto answer, and write down what it cannot."""
        found = call.ask(self.app)
        if found.status[0] in "45":
            print(call.method, call.path, call.operation, found.status, found.text[:300], flush=True)
        return found
