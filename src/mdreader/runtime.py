"""What a running server has: handed to every route and task, so that nothing is global."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from mdreader.db.engine import Database
from mdreader.jobs.queue import Jobs
from mdreader.kernel.cells import Cells
from mdreader.kernel.clock import Clock
from mdreader.ports.blobs import BlobStore
from mdreader.ports.directory import Directory
from mdreader.ports.fanout import Fanout
from mdreader.ports.identity import Identity
from mdreader.ports.live import LiveDocuments
from mdreader.ports.mail import Mail
from mdreader.ports.mail_reports import MailReports
from mdreader.ports.notices import Notices
from mdreader.ports.rate_limits import RateLimits
from mdreader.ports.secrets import Secrets
from mdreader.ports.tickets import Tickets


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings allow. Sizes in bytes."""

    signup_open: bool
    max_document_bytes: int
    public_url: str | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    allowed_origins: tuple[str, ...]
    metrics_token: str | None
    email_verification_required: bool = False
    mail_from: str = "mdreader@localhost"
    cells: Cells | None = None
    origin_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of one server process. `secret` signs tokens; `data` is the data folder."""

    database: Database
    identity: Identity
    directory: Directory | None
    fanout: Fanout
    live: LiveDocuments
    rate_limits: RateLimits
    tickets: Tickets
    secrets: Secrets
    notices: Notices
    jobs: Jobs
    blobs: BlobStore
    mail: Mail
    mail_reports: MailReports | None
    clock: Clock
    policy: Policy
    secret: bytes
    data: Path
