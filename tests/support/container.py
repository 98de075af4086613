"""Images without a Docker engine: built by buildah in a chroot, on a base that mmdebstrap made, run by crun. Needs root."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = "bookworm"
# What stands under the tag of Docker's Python image: Debian's Python of the same minor version, laid out like that image.
PACKAGES = "python3,python3-venv,python3-dev,ca-certificates"
NAME = "mdreader-image"
TOOLS = ("mmdebstrap", "buildah", "crun", "unshare")
AUTHORITIES = Path("/etc/ssl/certs")


def missing() -> str | None:
    """What keeps this machine from building images, and what to do about it."""
    if os.geteuid() != 0:
        return "Run this as root: making a base and mounting images need it."
    tools = [name for name in TOOLS if shutil.which(name) is None]
    return (
        f"Missing: {', '.join(tools)}. On Debian: apt-get install --no-install-recommends {' '.join(tools)}"
        * bool(tools)
        or None
    )


class Store:
    """Images of this checkout's own, under `folder`; the machine's are left alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def buildah(self, *arguments: str | Path, quiet: bool = False) -> str:
        """Run buildah on this store; what it printed. CalledProcessError when it failed."""
        store = ["--root", str(self._folder / "storage"), "--runroot", str(self._folder / "run")]
        command = ["buildah", *store, *map(str, arguments)]
        result = subprocess.run(
            command,
            cwd=ROOT,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
        )
        return result.stdout.strip()

    def has(self, image: str) -> bool:
        """Whether `image` is here."""
        return image in self.buildah("images", "--format", "{{.Name}}:{{.Tag}}").splitlines()

    def make_base(self, image: str) -> None:
        """A Debian with Python under the name `image`, unless there is one."""
        full = f"docker.io/library/{image}"
        if self.has(full):
            return
        packed = self._folder / "base.tar"
        hooks = ['chroot "$1" python3 -m venv /usr/local', 'ln -sf python3 "$1/usr/local/bin/python"']
        options = [f"--customize-hook={hook}" for hook in hooks]
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", *options, DEBIAN, packed],
            check=True,
        )
        container = self.buildah("from", "scratch")
        self.buildah("add", "--quiet", container, packed, "/")
        self.buildah("config", "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", container)
        self.buildah("commit", "--quiet", "--rm", container, full)
        packed.unlink()

    def build(self, tag: str, **arguments: str) -> None:
        """Build the Dockerfile of this checkout, on the bases it names; none is fetched."""
        for base in set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)):
            self.make_base(base)
        options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        # The authorities of this machine are lent, not copied: a company's own may stand between it and the packages.
        lent = [f"--volume={AUTHORITIES}:{AUTHORITIES}:ro"]
        command = ["bud", "--isolation", "chroot", "--pull-never", "--format", "docker", "--layers"]
        self.buildah(*command, *lent, *options, "--tag", tag, ".")

    def config(self, image: str) -> dict[str, Any]:
        """What the image says of how it is run."""
        found: dict[str, Any] = json.loads(self.buildah("inspect", "--type", "image", image))["Docker"]["config"]
        return found

    def mount(self, image: str) -> Path:
        """Where the image's files lie while it is mounted."""
        if NAME in self.buildah("containers", "--format", "{{.ContainerName}}").split():
            self.buildah("rm", NAME)
        self.buildah("from", "--pull-never", "--name", NAME, image)
        return Path(self.buildah("mount", NAME))

    def unmount(self) -> None:
        """The end of `mount`."""
        self.buildah("rm", NAME)

    def layer_sizes(self, image: str) -> list[int]:
        """Bytes of each layer as it is sent, base first."""
        packed = self._folder / "packed"
        shutil.rmtree(packed, ignore_errors=True)
        self.buildah("push", "--quiet", image, f"oci:{packed}", quiet=True)
        blobs = packed / "blobs" / "sha256"
        index = json.loads((packed / "index.json").read_text())
        manifest = json.loads((blobs / index["manifests"][0]["digest"].partition(":")[2]).read_text())
        shutil.rmtree(packed)
        return [int(layer["size"]) for layer in manifest["layers"]]


class Container:
    """One run of an image: its own user, no capabilities, a read-only root, the host's network."""

    def __init__(self, folder: Path, root: Path, config: dict[str, Any], data: Path, **environment: str) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "log"
        user, _, group = config["User"].partition(":")
        self.user = (int(user), int(group))
        os.chown(data, *self.user)
        folder.mkdir(parents=True, exist_ok=True)
        given = dict(entry.partition("=")[::2] for entry in config["Env"]) | environment
        self.environment = given
        kinds = ("pid", "ipc", "uts", "mount")
        mounts: list[dict[str, Any]] = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec"]},  # noqa: S108
            {"destination": "/data", "type": "bind", "source": str(data), "options": ["bind", "rw"]},
        ]
        bundle = {
            "ociVersion": "1.0.0",
            "process": {
                "user": {"uid": self.user[0], "gid": self.user[1]},
                "args": [*config["Entrypoint"], *config["Cmd"]],
                "env": [f"{name}={value}" for name, value in given.items()],
                "cwd": config["WorkingDir"],
                "noNewPrivileges": True,
            },
            "root": {"path": str(root), "readonly": True},
            "hostname": NAME,
            "mounts": mounts,
            "linux": {"namespaces": [{"type": kind} for kind in kinds]},
        }
        (folder / "config.json").write_text(json.dumps(bundle))

    def _crun(self, *arguments: str) -> list[str]:
        # Without control groups of its own: they are the machine's affair, and crun refuses some machines' mixture of them.
        hide = "umount /sys/fs/cgroup/unified 2>/dev/null"
        state = self._folder / "state"
        return [
            "unshare",
            "-m",
            "sh",
            "-c",
            f'{hide}; exec crun --root "{state}" --cgroup-manager=disabled "$@"',
            "crun",
            *arguments,
        ]

    def start(self) -> None:
        """Begin; whoever wants to know when it answers asks it."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._crun("run", "--bundle", str(self._folder), NAME), stdout=log, stderr=subprocess.STDOUT
            )

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as the image's user."""
        options = [f"--env={name}={value}" for name, value in (self.environment | environment).items()]
        inside = self._crun("exec", "--user", ":".join(map(str, self.user)), *options, NAME, *command)
        return subprocess.run(inside, check=False, capture_output=True, text=True)

    def stop(self, number: int, seconds: float = 20) -> tuple[int, float]:
        """Send the signal; the exit code, and the seconds until it had ended."""
        assert self._process is not None
        began = time.monotonic()
        subprocess.run(self._crun("kill", NAME, str(number)), check=True, capture_output=True)
        return self._process.wait(seconds), time.monotonic() - began

    def discard(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None and self._process.poll() is None:
            subprocess.run(self._crun("kill", NAME, str(int(signal.SIGKILL))), check=False, capture_output=True)
            self._process.wait(10)
        subprocess.run(self._crun("delete", "--force", NAME), check=False, capture_output=True)
