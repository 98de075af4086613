"""Settings to runtime: the one file that names adapters."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from secrets import token_bytes
from socket import gethostname
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from mdreader import __version__
from mdreader.adapters import blobs_local_routes
from mdreader.adapters.blobs_local import LocalBlobs
from mdreader.adapters.mail_outbox import OutboxMail
from mdreader.adapters.metrics_emf import EmfWriter
from mdreader.adapters.notices_log import LogNotices
from mdreader.adapters.secrets_environment import EnvironmentSecrets, FirstOf
from mdreader.adapters.shared import open_shared
from mdreader.db.engine import Database
from mdreader.db.secrets import shared_secret
from mdreader.db.sqlite import SqliteDatabase
from mdreader.features.accounts.directory import tasks as directory_tasks
from mdreader.features.accounts.directory.identity import DirectoryIdentity
from mdreader.features.accounts.identity import EmbeddedIdentity
from mdreader.features.accounts.oidc.providers import Provider, github, google
from mdreader.features.collab.joining import Doorkeeper
from mdreader.features.collab.rooms import Rooms
from mdreader.features.documents import tasks as documents_tasks
from mdreader.features.mail import tasks as mail_tasks
from mdreader.features.workspaces import tasks as workspaces_tasks
from mdreader.jobs import housekeeping
from mdreader.jobs.queue import Jobs
from mdreader.jobs.registry import Registry
from mdreader.jobs.runner import Runner
from mdreader.kernel.clock import Clock, SystemClock
from mdreader.kernel.metrics import REGISTRY
from mdreader.kernel.tracing import collect
from mdreader.migrations import upgrade
from mdreader.migrations.schema import Phase
from mdreader.ports.blobs import BlobStore
from mdreader.ports.directory import Directory
from mdreader.ports.mail import Mail
from mdreader.ports.mail_reports import MailReports
from mdreader.ports.notices import Kind, Notice, Notices
from mdreader.ports.secrets import Secrets, database_url
from mdreader.runtime import Policy, Runtime
from mdreader.settings import Settings, SettingsError, completed

if TYPE_CHECKING:
    from mdreader.adapters.tracing_otel import OtelTracing
    from mdreader.db.postgres_address import PostgresAddress

# What adapters answer over HTTP.
ADAPTER_ROUTERS = (blobs_local_routes.router,)
# For jobs that are under way when a server stops; what is not done then goes back to the queue, and goes on at its checkpoint.
EMBEDDED_GRACE_SECONDS = 0.5


def read_secret(data: Path) -> bytes:
    """The key that signs tokens: made at the first start, readable by the owner alone."""
    path = data / "secret.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        secret = token_bytes(32)
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        return secret


def on_postgres(settings: Settings) -> bool:
    """Whether `DATABASE_URL` chooses PostgreSQL."""
    return settings.database_url is not None and settings.database_url.startswith("postgresql:")


def database_file(settings: Settings) -> Path:
    """Where the SQLite database lies, when it is not on PostgreSQL."""
    if settings.database_url is None or on_postgres(settings):
        return settings.data.resolve() / "mdreader.sqlite3"
    # sqlite:///relative or sqlite:////absolute, as SQLAlchemy writes it.
    return Path(unquote(urlsplit(settings.database_url).path[1:])).resolve()


def postgres_address(settings: Settings, rotating: Secrets | None = None) -> "PostgresAddress":
    """Where `DATABASE_URL` says that PostgreSQL is; `rotating` keeps its credentials. Raises `AddressError`."""
    from mdreader.db.postgres_address import parse_address  # noqa: PLC0415 - an extra

    address = parse_address(settings.database_url or "")
    if rotating is None:
        return address
    from mdreader.adapters.postgres_login import connecting  # noqa: PLC0415 - an extra

    newest = partial(database_url, settings.database_url, rotating)
    return replace(address, connector=connecting(newest, rotating.refresh))


async def upgrade_postgres(address: "PostgresAddress", phase: Phase) -> bool:
    """Do the steps of `phase` that are missing; True when there were any. Raises `MigrationError` and `UnavailableError`."""
    from mdreader.db.postgres import making_changes  # noqa: PLC0415 - an extra
    from mdreader.migrations.postgres import upgrade as upgrade_database  # noqa: PLC0415

    async with making_changes(address) as engine:
        return await upgrade_database(engine, address.where, phase)


@asynccontextmanager
async def open_database(
    settings: Settings, *, migrate: bool = True, rotating: Secrets | None = None
) -> AsyncIterator[Database]:
    """The database, at a schema that serves this version. `rotating` keeps its credentials.

    Raises `MigrationError`, `AddressError`, and `UnavailableError` when it does not answer.
    """
    database: Database
    if on_postgres(settings):
        from mdreader.db.postgres import PostgresDatabase  # noqa: PLC0415 - an extra

        address = postgres_address(settings, rotating)
        if migrate:
            await upgrade_postgres(address, "pre")
        database = PostgresDatabase(address)
    else:
        file = database_file(settings)
        if migrate:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            upgrade(file)
        database = SqliteDatabase(file)
    try:
        yield database
    finally:
        await database.close()


async def signing_secret(settings: Settings, database: Database) -> bytes:
    """The key that signs tokens: in the data folder beside SQLite, in the database where several servers share it."""
    if database.dialect == "sqlite":
        return read_secret(settings.data)
    return await shared_secret(database, "tokens", partial(token_bytes, 32))


def job_registry(settings: Settings) -> Registry[Runtime]:
    """Every kind of job, and what is done again and again."""
    registry: Registry[Runtime] = Registry()
    for tasks in (housekeeping, directory_tasks, workspaces_tasks, documents_tasks, mail_tasks):
        tasks.register(registry)
    if settings.ses_events_queue_url is not None:
        mail_tasks.register_reports(registry)
    return registry


@dataclass(frozen=True, slots=True)
class Credentials:
    """`settings` with what was kept elsewhere; where single credentials are asked for; those of them that rotate, if any do."""

    settings: Settings
    secrets: Secrets
    rotating: Secrets | None = None


def make_tracing(settings: Settings) -> "OtelTracing | None":
    """Who collects spans, when somebody does."""
    if settings.otlp_endpoint is None:
        return None
    from mdreader.adapters.tracing_otel import OtelTracing  # noqa: PLC0415 - an extra

    return OtelTracing(settings.otlp_endpoint, version=__version__)


@asynccontextmanager
async def collecting(tracing: "OtelTracing | None") -> AsyncIterator[None]:
    """Collect spans while the block runs."""
    if tracing is None:
        yield
        return
    collect(tracing)
    try:
        yield
    finally:
        collect(None)
        await asyncio.to_thread(tracing.close)


def sign_in_providers(settings: Settings) -> list[Provider]:
    """Where people may have an account that lets them in here."""
    found = []
    if settings.google_client_id and settings.google_client_secret:
        found.append(google(settings.google_client_id, settings.google_client_secret))
    if settings.github_client_id and settings.github_client_secret:
        found.append(github(settings.github_client_id, settings.github_client_secret))
    return found + [Provider(**one.model_dump()) for one in settings.oidc_providers]


@asynccontextmanager
async def build_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Bring the database up to date, open every part, hand them out together, and close them in reverse."""
    async with open_secrets(settings) as opened, _build(opened) as runtime:
        yield runtime


@asynccontextmanager
async def _build(credentials: Credentials) -> AsyncIterator[Runtime]:
    settings = credentials.settings
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    policy = Policy(
        signup_open=settings.signup == "open",
        max_document_bytes=settings.max_document_bytes,
        public_url=settings.public_url,
        trusted_proxies=settings.trusted_proxies,
        allowed_origins=settings.allowed_origins,
        metrics_token=settings.metrics_token,
        email_verification_required=settings.email_verification == "required",
        mail_from=settings.email_from or "mdreader@localhost",
    )
    async with AsyncExitStack() as stack:
        opened = stack.enter_async_context
        clock = SystemClock()
        notices = await opened(_notices(settings))
        if settings.metrics == "emf":
            # Where the log lines go, so that one log group holds both.
            await opened(EmfWriter(REGISTRY, sys.stderr.write, service="mdreader").running())
        database = await opened(open_database(settings, rotating=credentials.rotating))
        shared = await opened(open_shared(settings.redis_url, database, clock))
        secret = await signing_secret(settings, database)
        directory = _directory(settings, credentials.secrets, clock)
        identity = _identity(settings, credentials.secrets, directory, database=database, clock=clock, secret=secret)
        jobs = Jobs(registry=job_registry(settings), clock=clock, bell=shared.job_bell)
        rooms = Rooms(
            database=database,
            clock=clock,
            jobs=jobs,
            doorbell=shared.doorbell,
            max_document_bytes=policy.max_document_bytes,
        )
        runtime = Runtime(
            database=database,
            identity=identity,
            directory=directory,
            fanout=shared.fanout,
            live=rooms,
            rate_limits=shared.rate_limits,
            tickets=shared.tickets,
            secrets=credentials.secrets,
            notices=notices,
            jobs=jobs,
            blobs=_blobs(settings, secret, clock),
            mail=_mail(settings),
            mail_reports=_mail_reports(settings, clock),
            clock=clock,
            policy=policy,
            secret=secret,
            data=settings.data,
        )
        if isinstance(identity, DirectoryIdentity):
            identity.serve(runtime)
        # The identity listens first: whoever reacts to the end of a session must not find it remembered.
        await opened(identity.running(shared.fanout))
        await opened(rooms.running())
        await opened(Doorkeeper(runtime).running(shared.fanout))
        if settings.worker == "embedded":
            shared_queue = database.dialect == "postgresql"
            runner = Runner(runtime, database, runtime.jobs, shared=shared_queue, on_dead=telling_of_dead_jobs(runtime))
            await opened(runner.running(grace_seconds=EMBEDDED_GRACE_SECONDS))
        stack.enter_context(_telling_of_its_life(runtime))
        yield runtime


@contextmanager
def _telling_of_its_life(runtime: Runtime) -> Iterator[None]:
    host = gethostname()

    def tell(kind: Kind, what: str) -> None:
        notice = Notice(
            kind,
            "info",
            f"mdreader {what} on {host}",
            subject=f"{host}:{os.getpid()}",
            data={"version": __version__, "process": os.getpid()},
        )
        runtime.notices.publish(notice)

    tell("server.started", "started")
    yield
    tell("server.stopping", "stops")


def telling_of_dead_jobs(runtime: Runtime) -> Callable[[str], None]:
    """What tells operators that a job failed for the last time. Its error may hold what somebody wrote, and stays here."""

    def tell(kind: str) -> None:
        runtime.notices.publish(Notice("job.dead", "error", f"A job failed for the last time: {kind}", subject=kind))

    return tell


@asynccontextmanager
async def open_secrets(settings: Settings) -> AsyncIterator[Credentials]:
    """The credentials that are kept elsewhere. Raises `SettingsError`."""
    environment = EnvironmentSecrets(os.environ)
    if settings.secrets_arn is None:
        yield Credentials(settings, environment)
        return
    from mdreader.adapters.aws import Aws  # noqa: PLC0415 - an extra
    from mdreader.adapters.secrets_aws import AwsSecrets, SecretsUnreadableError  # noqa: PLC0415

    client = Aws(settings.aws_region, settings.aws_endpoint_url).client("secretsmanager")
    kept = AwsSecrets(client, settings.secrets_arn)
    try:
        values = await asyncio.to_thread(kept.load)
    except SecretsUnreadableError as error:
        raise SettingsError(str(error)) from None
    complete = completed(settings, values)
    address = database_url(complete.database_url, kept)
    if address != complete.database_url:
        complete = complete.model_copy(update={"database_url": address})
    async with kept.running():
        yield Credentials(complete, FirstOf(kept, environment), kept)


def _directory(settings: Settings, secrets: Secrets, clock: Clock) -> Directory | None:
    """Who keeps the accounts, when that is not mdreader itself."""
    pool_id, client_id = settings.cognito_user_pool_id, settings.cognito_client_id
    if settings.identity != "cognito" or pool_id is None or client_id is None:
        return None
    from mdreader.adapters.aws import Aws  # noqa: PLC0415 - an extra
    from mdreader.adapters.cognito_pool import CognitoPool  # noqa: PLC0415
    from mdreader.adapters.cognito_tokens import CognitoTokens, PublishedKeys  # noqa: PLC0415

    region = settings.aws_region or pool_id.partition("_")[0]
    issuer = cognito_issuer(settings)
    tokens = CognitoTokens(issuer=issuer, client_id=client_id, keys=PublishedKeys(f"{issuer}/.well-known/jwks.json"))
    pool = CognitoPool(
        Aws(region, settings.aws_endpoint_url).client("cognito-idp"),
        pool_id=pool_id,
        client_id=client_id,
        client_secret=lambda: secrets.get("cognito_client_secret"),
        tokens=tokens,
        clock=clock,
    )
    return Directory(issuer, passwords=pool, recovery=pool, second_factor=pool, sessions=pool, tokens=tokens)


def cognito_issuer(settings: Settings) -> str:
    """What the pool calls itself in its tokens."""
    pool_id = settings.cognito_user_pool_id or ""
    region = pool_id.partition("_")[0]
    return settings.cognito_issuer or f"https://cognito-idp.{region}.amazonaws.com/{pool_id}"


def _identity(
    settings: Settings,
    secrets: Secrets,
    directory: Directory | None,
    *,
    database: Database,
    clock: Clock,
    secret: bytes,
) -> EmbeddedIdentity:
    if directory is None:
        providers = [
            replace(one, newest_secret=partial(secrets.get, f"{one.id}_client_secret"))
            for one in sign_in_providers(settings)
        ]
        return EmbeddedIdentity(database=database, clock=clock, secret=secret, providers=providers)
    hosted = []
    if settings.cognito_domain is not None:
        # Its pages, and every provider that the pool knows; the pool's own description says where they are.
        client_secret = secrets.get("cognito_client_secret") or ""
        hosted = [
            Provider(
                "cognito",
                "Single sign-on",
                directory.issuer,
                settings.cognito_client_id or "",
                client_secret,
                newest_secret=partial(secrets.get, "cognito_client_secret"),
            )
        ]
    return DirectoryIdentity(directory, database=database, clock=clock, secret=secret, providers=hosted)


@asynccontextmanager
async def _notices(settings: Settings) -> AsyncIterator[Notices]:
    if settings.sns_topic_arn is None:
        yield LogNotices()
        return
    from mdreader.adapters.aws import Aws  # noqa: PLC0415 - an extra
    from mdreader.adapters.notices_sns import SnsNotices  # noqa: PLC0415

    client = Aws(settings.aws_region, settings.aws_endpoint_url).client("sns")
    async with SnsNotices(client, settings.sns_topic_arn).running() as notices:
        yield notices


def _blobs(settings: Settings, secret: bytes, clock: Clock) -> BlobStore:
    """Where files are kept. Raises `SettingsError`."""
    if settings.aws_s3_bucket is None:
        local = LocalBlobs(settings.data.resolve() / "blobs", secret=secret, now=clock.now)
        local.sweep()
        return local
    from mdreader.adapters.aws import Aws  # noqa: PLC0415 - an extra
    from mdreader.adapters.blobs_s3 import CloudFront, S3Blobs  # noqa: PLC0415

    cloudfront = None
    if settings.cloudfront_domain and settings.cloudfront_key_id and settings.cloudfront_private_key:
        key = settings.cloudfront_private_key.replace("\\n", "\n").encode()
        cloudfront = CloudFront(settings.cloudfront_domain, settings.cloudfront_key_id, key)
    client = Aws(settings.aws_region, settings.aws_endpoint_url).client("s3", signature_version="s3v4")
    try:
        return S3Blobs(client, settings.aws_s3_bucket, now=clock.now, cloudfront=cloudfront)
    except ValueError as error:
        raise SettingsError(f"cloudfront_private_key: {error}") from None


def _mail(settings: Settings) -> Mail:
    """How mails leave. Raises `SettingsError`."""
    if settings.mail_url is None:
        return OutboxMail()
    from mdreader.adapters.mail_mime import address_of  # noqa: PLC0415 - the default needs none of it
    from mdreader.ports.mail import MailRefusedError  # noqa: PLC0415

    try:
        address_of(settings.email_from or "")
    except MailRefusedError as error:
        raise SettingsError(f"email_from: {error}") from None
    if settings.mail_url.startswith("ses:"):
        from mdreader.adapters.aws import Aws  # noqa: PLC0415 - an extra
        from mdreader.adapters.mail_ses import SesMail, parse_ses_url  # noqa: PLC0415

        # One call a mail: a second one, after an answer that got lost, would be a second mail.
        client = Aws(settings.aws_region, settings.aws_endpoint_url).client("sesv2", retries={"total_max_attempts": 1})
        return SesMail(client, configuration_set=parse_ses_url(settings.mail_url))
    from mdreader.adapters.mail_smtp import SmtpMail, parse_smtp_url  # noqa: PLC0415 - the default needs none of it

    try:
        return SmtpMail(parse_smtp_url(settings.mail_url))
    except ValueError as error:
        raise SettingsError(f"mail_url: {error}") from None


def _mail_reports(settings: Settings, clock: Clock) -> MailReports | None:
    """Where SES reports bounces and complaints."""
    topic, queue = settings.ses_events_topic_arn, settings.ses_events_queue_url
    if topic is None and queue is None:
        return None
    from mdreader.adapters.aws import Aws  # noqa: PLC0415 - an extra
    from mdreader.adapters.mail_reports_ses import SesReports  # noqa: PLC0415
    from mdreader.adapters.sns_signature import SnsSignatures, fetch_certificate  # noqa: PLC0415

    aws = Aws(settings.aws_region, settings.aws_endpoint_url)
    return SesReports(
        signatures=None if topic is None else SnsSignatures(topic, fetch=fetch_certificate, now=clock.now),
        sns=None if topic is None else aws.client("sns"),
        sqs=None if queue is None else aws.client("sqs"),
        queue_url=queue,
    )
