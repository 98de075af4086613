"""The pipeline's program, against an AWS on this machine and a real server: what it does, and what it takes back."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from support import aws
from support.nginx import Nginx, trusting
from support.ports import free_port
from support.server import Server

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = "registry.example/mdreader:old", "registry.example/mdreader:new"


@pytest.fixture(scope="module")
def deploy() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mdreader_deploy", ROOT / "infra" / "delivery" / "deploy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


class Ecs:
    """moto's ECS, which starts nothing: whether tasks and services come up is said here."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.exit_codes: dict[str, int] = {}
        self.broken: set[str] = set()
        self.ran: list[list[str]] = []
        self.updates: list[tuple[str, str, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def run_task(self, **arguments: Any) -> Any:
        self.ran.append(arguments["overrides"]["containerOverrides"][0]["command"])
        return self._client.run_task(**arguments)

    def describe_tasks(self, **arguments: Any) -> Any:
        answer = self._client.describe_tasks(**arguments)
        answer["tasks"][0]["lastStatus"] = "STOPPED"
        phase = self.ran[-1][-1]
        answer["tasks"][0]["containers"] = [{"name": "mdreader", "exitCode": self.exit_codes.get(phase, 0)}]
        return answer

    def update_service(self, **arguments: Any) -> Any:
        self.updates.append((arguments["service"], arguments["taskDefinition"], arguments["desiredCount"]))
        return self._client.update_service(**arguments)

    def describe_services(self, **arguments: Any) -> Any:
        answer = self._client.describe_services(**arguments)
        for service in answer["services"]:
            image = self.image(service["taskDefinition"])
            state = "FAILED" if f"{service['serviceName']} {image}" in self.broken else "COMPLETED"
            service["deployments"] = [
                {"status": "PRIMARY", "taskDefinition": service["taskDefinition"], "rolloutState": state}
            ]
        return answer

    def image(self, definition: str) -> str:
        found = self._client.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        return str(found["containerDefinitions"][0]["image"])

    def running(self, service: str) -> tuple[str, int]:
        found = self._client.describe_services(cluster="team", services=[service])["services"][0]
        return self.image(found["taskDefinition"]), found["desiredCount"]


@pytest.fixture
def ecs(aws_endpoint: str) -> Ecs:
    client = boto3.client("ecs", endpoint_url=aws_endpoint, region_name=aws.REGION)
    client.create_cluster(clusterName="team")
    for kind in ("web", "worker", "migrate"):
        client.register_task_definition(
            family=f"team-{kind}",
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=[
                {
                    "name": "mdreader",
                    "image": OLD,
                    "environment": [{"name": "KIND", "value": kind}],
                    "essential": True,
                    "memory": 512,  # moto wants it
                }
            ],
            volumes=[{"name": "data"}],
            runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        )
    for kind, count in (("web", 2), ("worker", 0)):
        client.create_service(cluster="team", serviceName=kind, taskDefinition=f"team-{kind}", desiredCount=count)
    return Ecs(client)


def outputs(subnet: str = "subnet-1", group: str = "sg-1") -> str:
    values = {
        "url": "https://docs.example.org",
        "region": aws.REGION,
        "cluster": "team",
        "services": {"web": "web", "worker": "worker"},
        "task_families": {kind: f"team-{kind}" for kind in ("web", "worker", "migrate")},
        "task_subnets": [subnet],
        "task_security_group": group,
        "task_public_address": "ENABLED",
        "tasks_min": 1,
        "migrate_log_group": "/team/migrate",
    }
    return json.dumps({name: {"sensitive": False, "type": "string", "value": value} for name, value in values.items()})


@pytest.fixture
def deployment(deploy: ModuleType, ecs: Ecs, aws_endpoint: str) -> Any:
    logs, ec2 = (boto3.client(name, endpoint_url=aws_endpoint, region_name=aws.REGION) for name in ("logs", "ec2"))
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    return deploy.Deployment(deploy.Target.of(outputs(subnet, group)), NEW, ecs, logs, pause=0, say=lambda _: None)


def well() -> None:
    """A smoke test that finds nothing."""


def test_image_goes_into_service_between_two_migrations(deployment: Any, ecs: Ecs) -> None:
    deployment.run(well)
    assert ecs.ran == [["migrate", "--phase", "pre"], ["migrate", "--phase", "post"]]
    assert ecs.running("web") == (NEW, 2)
    assert ecs.running("worker") == (NEW, 1), "one that had no task yet gets its first"
    found = ecs.describe_task_definition(taskDefinition="team-web")["taskDefinition"]
    assert found["revision"] == 2
    assert found["containerDefinitions"][0]["environment"] == [{"name": "KIND", "value": "web"}]
    assert found["volumes"][0]["name"] == "data"
    assert found["runtimePlatform"]["cpuArchitecture"] == "ARM64"


def test_failing_pre_migration_changes_nothing(deploy: ModuleType, deployment: Any, ecs: Ecs) -> None:
    ecs.exit_codes["pre"] = 1
    with pytest.raises(deploy.DeployError, match="pre migration failed: exit code 1"):
        deployment.run(well)
    assert ecs.updates == []
    assert ecs.running("web") == (OLD, 2)


def test_service_that_does_not_become_healthy_goes_back(deploy: ModuleType, deployment: Any, ecs: Ecs) -> None:
    ecs.broken.add(f"web {NEW}")
    with pytest.raises(deploy.DeployError, match=r"web did not become healthy.*run what they ran before"):
        deployment.run(well)
    assert ecs.running("web") == (OLD, 2)
    assert ecs.running("worker") == (OLD, 0)
    assert ecs.ran == [["migrate", "--phase", "pre"]]


def test_failing_smoke_test_goes_back_before_the_post_migration(deploy: ModuleType, deployment: Any, ecs: Ecs) -> None:
    def ill() -> None:
        raise deploy.DeployError("The page has no script.")

    with pytest.raises(deploy.DeployError, match=r"no script\. The services run what they ran before"):
        deployment.run(ill)
    assert ecs.running("web") == (OLD, 2)
    assert ecs.ran == [["migrate", "--phase", "pre"]]


def test_refusal_of_aws_halfway_is_taken_back_too(deploy: ModuleType, deployment: Any, ecs: Ecs) -> None:
    def refuse(**arguments: Any) -> Any:
        if arguments["service"] == "worker" and NEW in ecs.image(arguments["taskDefinition"]):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "UpdateService")
        return Ecs.update_service(ecs, **arguments)

    ecs.update_service = refuse  # type: ignore[method-assign]
    with pytest.raises(deploy.DeployError, match=r"not you.*run what they ran before"):
        deployment.run(well)
    assert ecs.running("web") == (OLD, 2)


def test_failing_post_migration_leaves_the_new_version_in_service(
    deploy: ModuleType, deployment: Any, ecs: Ecs
) -> None:
    ecs.exit_codes["post"] = 3
    with pytest.raises(deploy.DeployError, match="in service and stays"):
        deployment.run(well)
    assert ecs.running("web") == (NEW, 2)


def test_missing_service_is_named(deploy: ModuleType, deployment: Any, ecs: Ecs) -> None:
    ecs.delete_service(cluster="team", service="worker", force=True)
    with pytest.raises(deploy.DeployError, match="has no service worker"):
        deployment.run(well)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": "x"}'])
def test_target_that_is_none_is_refused(deploy: ModuleType, text: str) -> None:
    with pytest.raises(deploy.DeployError, match="terraform output -json"):
        deploy.Target.of(text)


def test_outputs_that_it_reads_exist(deploy: ModuleType) -> None:
    written = (ROOT / "infra" / "environments" / "team" / "outputs.tf").read_text()
    missing = [name for name in json.loads(outputs()) if f'output "{name}"' not in written]
    assert missing == []


# ---- the smoke test ----


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("data")).start()
    yield made
    made.stop()


def test_smoke_test_passes_a_server_behind_a_proxy(deploy: ModuleType, server: Server, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path / "nginx", server.url.removeprefix("http://"))
    try:
        nginx.start()
        deploy.smoke_test(nginx.url, seconds=0, context=trusting())
    finally:
        nginx.stop()


def test_smoke_test_notices_a_proxy_that_lets_no_socket_through(
    deploy: ModuleType, server: Server, tmp_path: Path
) -> None:
    nginx = Nginx(tmp_path / "nginx", server.url.removeprefix("http://"))
    text = nginx.configuration.read_text()
    nginx.configuration.write_text(text.replace("proxy_set_header Upgrade $http_upgrade;", ""))
    try:
        nginx.start()
        with pytest.raises(deploy.DeployError, match="WebSockets do not get through"):
            deploy.smoke_test(nginx.url, seconds=0, context=trusting())
    finally:
        nginx.stop()


def test_smoke_test_waits_and_then_says_what_is_wrong(deploy: ModuleType) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(deploy.DeployError, match=r"(?s)smoke test at .* failed: .*refused"):
        deploy.smoke_test(url, seconds=0.05, pause=0.01)
