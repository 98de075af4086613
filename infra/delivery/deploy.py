"""Puts an image into service on ECS: `deploy.py IMAGE`, with what `terraform output -json` says in TARGET.

Steps: new definitions with the image; the pre migration as a task of its own; the services; a smoke test from outside; the
post migration. Until the post migration both versions work on the database, so whatever fails before it is taken back by
giving the services their former definitions. Needs boto3, and credentials as the SDK finds them.
"""

import http.client
import json
import os
import re
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

CONTAINER: Final = "mdreader"
MIGRATION_SECONDS: Final = 30 * 60
ROLLOUT_SECONDS: Final = 20 * 60
SMOKE_SECONDS: Final = 120
# Given to register_task_definition again; the rest of what describe_task_definition answers is AWS's own.
DEFINED: Final = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "runtimePlatform",
    "ephemeralStorage",
)


class DeployError(Exception):
    """The deployment cannot go on; the message says why, and what stands now."""


@dataclass(frozen=True)
class Target:
    """Where to: the outputs of an environment."""

    url: str
    region: str
    cluster: str
    services: dict[str, str]
    families: dict[str, str]
    subnets: list[str]
    security_group: str
    public_address: str
    tasks_min: int
    log_group: str

    @classmethod
    def of(cls, outputs: str) -> "Target":
        """What `terraform output -json` printed. Raises DeployError when it is something else."""
        try:
            values = {name: entry["value"] for name, entry in json.loads(outputs).items()}
            return cls(
                url=values["url"],
                region=values["region"],
                cluster=values["cluster"],
                services=values["services"],
                families=values["task_families"],
                subnets=values["task_subnets"],
                security_group=values["task_security_group"],
                public_address=values["task_public_address"],
                tasks_min=values["tasks_min"],
                log_group=values["migrate_log_group"],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DeployError(f"TARGET must hold `terraform output -json` of the environment: {error!r}") from None


class Deployment:
    """One image on its way."""

    def __init__(
        self, target: Target, image: str, ecs: Any, logs: Any, *, pause: float = 5, say: Callable[[str], None] = print
    ) -> None:
        self._target, self._image, self._ecs, self._logs = target, image, ecs, logs
        self._pause, self._say = pause, say

    def run(self, smoke: Callable[[], None]) -> None:
        """All steps. Raises DeployError when one fails, after the services have their former definitions again."""
        former = self._services()
        new = {kind: self._define(family) for kind, family in self._target.families.items()}
        self._say(f"Migrating (pre) with {self._image}")
        self._migrate(new["migrate"], "pre")
        try:
            for kind, service in former.items():
                self._update(
                    kind, new[kind], service["desiredCount"] or (self._target.tasks_min if kind == "web" else 1)
                )
            for kind in former:
                self._wait(kind, new[kind])
            self._say("Asking from outside")
            smoke()
        except BaseException as error:  # whatever it is, a refusal of AWS's or a Ctrl-C: nobody is left with half of it
            self._go_back(former)
            raise DeployError(f"{str(error) or type(error).__name__} The services run what they ran before.") from error
        self._say("Migrating (post)")
        try:
            self._migrate(new["migrate"], "post")
        except DeployError as error:
            raise DeployError(
                f"{error} The new version is in service and stays; run the post migration again when that is mended."
            ) from error
        self._say(f"{self._image} is in service at {self._target.url}")

    # ---- definitions ----

    def _services(self) -> dict[str, Any]:
        names = self._target.services
        answer = self._ecs.describe_services(cluster=self._target.cluster, services=list(names.values()))
        found = {service["serviceName"]: service for service in answer["services"] if service["status"] == "ACTIVE"}
        if missing := [name for name in names.values() if name not in found]:
            raise DeployError(f"The cluster {self._target.cluster} has no service {', '.join(missing)}.")
        return {kind: found[name] for kind, name in names.items()}

    def _define(self, family: str) -> str:
        """The newest definition of `family` with our image, registered."""
        current = self._ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
        fresh = {key: current[key] for key in DEFINED if current.get(key)}
        ours = [container for container in fresh["containerDefinitions"] if container["name"] == CONTAINER]
        if len(ours) != 1:
            raise DeployError(f"{family} has no container {CONTAINER}.")
        ours[0]["image"] = self._image
        return str(self._ecs.register_task_definition(**fresh)["taskDefinition"]["taskDefinitionArn"])

    # ---- migrations ----

    def _migrate(self, definition: str, phase: str) -> None:
        network = {
            "subnets": self._target.subnets,
            "securityGroups": [self._target.security_group],
            "assignPublicIp": self._target.public_address,
        }
        answer = self._ecs.run_task(
            cluster=self._target.cluster,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
            overrides={"containerOverrides": [{"name": CONTAINER, "command": ["migrate", "--phase", phase]}]},
            startedBy=f"migrate-{phase}",
        )
        if not answer["tasks"]:
            reasons = ", ".join(failure.get("reason", "?") for failure in answer.get("failures", []))
            raise DeployError(f"The {phase} migration did not start: {reasons}.")
        task = self._ended(answer["tasks"][0]["taskArn"], phase)
        container = next(one for one in task["containers"] if one["name"] == CONTAINER)
        if container.get("exitCode") != 0:
            why = container.get("reason") or task.get("stoppedReason") or f"exit code {container.get('exitCode')}"
            raise DeployError(f"The {phase} migration failed: {why}.\n{self._lines(task['taskArn'])}")

    def _ended(self, task: str, phase: str) -> dict[str, Any]:
        end = time.monotonic() + MIGRATION_SECONDS
        while time.monotonic() < end:
            found = self._ecs.describe_tasks(cluster=self._target.cluster, tasks=[task])["tasks"]
            if found and found[0]["lastStatus"] == "STOPPED":
                ended: dict[str, Any] = found[0]
                return ended
            time.sleep(self._pause)
        self._ecs.stop_task(cluster=self._target.cluster, task=task, reason="longer than a migration may take")
        raise DeployError(
            f"The {phase} migration did not end within {MIGRATION_SECONDS // 60} minutes, and was stopped."
        )

    def _lines(self, task: str) -> str:
        """The last lines that a task wrote; never a reason to fail."""
        stream = f"migrate/{CONTAINER}/{task.rpartition('/')[2]}"
        try:
            events = self._logs.get_log_events(logGroupName=self._target.log_group, logStreamName=stream, limit=20)[
                "events"
            ]
        except Exception as error:  # noqa: BLE001 - what failed before is worth more than this
            return f"(Its log {stream} could not be read: {error})"
        return "\n".join(str(event["message"]) for event in events)

    # ---- services ----

    def _update(self, kind: str, definition: str, count: int) -> None:
        self._say(f"{kind}: {definition.rpartition('/')[2]}, {count} tasks")
        self._ecs.update_service(
            cluster=self._target.cluster,
            service=self._target.services[kind],
            taskDefinition=definition,
            desiredCount=count,
        )

    def _wait(self, kind: str, definition: str) -> None:
        """Until the service runs `definition` and nothing else. Raises DeployError when ECS gives it up, or in the end."""
        end = time.monotonic() + ROLLOUT_SECONDS
        reason = "it took too long"
        while time.monotonic() < end:
            deployments = self._services()[kind]["deployments"]
            ours = next((one for one in deployments if one["taskDefinition"] == definition), None)
            if ours is None:  # ECS's circuit breaker has gone back by itself
                reason = "ECS gave it up"
                break
            if ours.get("rolloutState") == "FAILED":
                reason = ours.get("rolloutStateReason") or "ECS gave it up"
                break
            if ours["status"] == "PRIMARY" and ours.get("rolloutState") == "COMPLETED":
                return
            time.sleep(self._pause)
        raise DeployError(f"{kind} did not become healthy: {reason}.")

    def _go_back(self, former: Mapping[str, Any]) -> None:
        self._say("Going back")
        for kind, service in former.items():
            # No server before means that this was the first deployment: none is what was before.
            self._update(kind, service["taskDefinition"], service["desiredCount"])
        for kind, service in former.items():
            if service["desiredCount"]:
                self._wait(kind, service["taskDefinition"])


# ---- the smoke test ----


def smoke_test(
    url: str, *, seconds: float = SMOKE_SECONDS, pause: float = 3, context: ssl.SSLContext | None = None
) -> None:
    """What people need, asked as they would: readiness, the page with its scripts, a socket. Raises DeployError."""
    end = time.monotonic() + seconds
    while True:
        try:
            _ask_all(url, context)
        except (OSError, http.client.HTTPException, DeployError) as error:
            if time.monotonic() > end:
                raise DeployError(f"The smoke test at {url} failed: {error}") from error
            time.sleep(pause)
        else:
            return


def _ask_all(url: str, context: ssl.SSLContext | None) -> None:
    status, body = _get(url, "/api/ready", context)
    if status != 200 or json.loads(body)["status"] != "ready":  # noqa: PLR2004
        raise DeployError(f"/api/ready answered {status}: {body[:300]}")
    status, page = _get(url, "/", context, Accept="text/html")
    script = re.search(r'src="(/assets/[^"]+\.js)"', page)
    if status != 200 or script is None:  # noqa: PLR2004
        raise DeployError(f"The page answered {status}, and has {'a' if script else 'no'} script.")
    status, _ = _get(url, script[1], context)
    if status != 200:  # noqa: PLR2004
        raise DeployError(f"The page's script answered {status}.")
    # A socket opens before it is asked who it is; whatever stands between must have passed it through.
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    status, _ = _get(
        url, "/api/collab/smoke-test", context, **upgrade, **{"Sec-WebSocket-Key": "c21va2UtdGVzdC0xMjM0NQ=="}
    )
    if status != 101:  # noqa: PLR2004
        raise DeployError(f"A socket was answered with {status}: WebSockets do not get through.")


def _get(url: str, path: str, context: ssl.SSLContext | None, **headers: str) -> tuple[int, str]:
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.netloc, timeout=15, context=context)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=15)
    try:
        connection.request("GET", path, headers={"User-Agent": "mdreader-smoke-test", **headers})
        answer = connection.getresponse()
        return answer.status, "" if answer.status == http.HTTPStatus.SWITCHING_PROTOCOLS else answer.read().decode()
    finally:
        connection.close()


def main() -> None:
    """Deploy what the command line says."""
    import boto3  # noqa: PLC0415 - the smoke test does without
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

    if len(sys.argv) != 2:  # noqa: PLR2004
        raise SystemExit(__doc__)
    try:
        target = Target.of(os.environ.get("TARGET", ""))
        ecs, logs = (boto3.client(name, region_name=target.region) for name in ("ecs", "logs"))
        Deployment(target, sys.argv[1], ecs, logs).run(lambda: smoke_test(target.url))
    except (DeployError, ClientError) as error:
        raise SystemExit(f"Not deployed: {error}") from None


if __name__ == "__main__":
    main()
