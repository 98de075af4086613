"""Everything together, opened in order and closed in reverse."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from mdreader.adapters import blobs_local_routes
from mdreader.adapters.metrics_emf import EmfWriter
from mdreader.bootstrap.accounts import make_directory, make_identity
from mdreader.bootstrap.cells import cells_of, settle_in
from mdreader.bootstrap.credentials import Credentials, open_secrets
from mdreader.bootstrap.database import START_SECONDS, open_database, signing_secret
from mdreader.bootstrap.files import make_blobs
from mdreader.bootstrap.mail import make_mail, make_mail_reports
from mdreader.bootstrap.shared import open_job_bell, open_shared
from mdreader.bootstrap.telemetry import open_notices, telling_of_dead_jobs, telling_of_its_life
from mdreader.features.accounts.codes import tasks as codes_tasks
from mdreader.features.accounts.directory import tasks as directory_tasks
from mdreader.features.accounts.directory.identity import DirectoryIdentity
from mdreader.features.accounts.second_factor import tasks as second_factor_tasks
from mdreader.features.collab.joining import Doorkeeper
from mdreader.features.collab.rooms import Rooms
from mdreader.features.documents import tasks as documents_tasks
from mdreader.features.mail import tasks as mail_tasks
from mdreader.features.workspaces import tasks as workspaces_tasks
from mdreader.jobs import housekeeping
from mdreader.jobs.queue import Jobs
from mdreader.jobs.registry import Registry
from mdreader.jobs.runner import SERVER_POLL_SECONDS, Runner
from mdreader.kernel.clock import SystemClock
from mdreader.kernel.events import EventsMissed
from mdreader.kernel.metrics import REGISTRY
from mdreader.ports.notices import disk_full
from mdreader.runtime import Policy, Runtime
from mdreader.settings import Settings

# What adapters answer over HTTP.
ADAPTER_ROUTERS = (blobs_local_routes.router,)
# For jobs that are under way when a server stops; what is not done then goes back to the queue, and goes on at its checkpoint.
EMBEDDED_GRACE_SECONDS = 0.5


def job_registry(settings: Settings) -> Registry[Runtime]:
    """Every kind of job, and what is done again and again."""
    registry: Registry[Runtime] = Registry()
    accounts_tasks = (codes_tasks, second_factor_tasks, directory_tasks)
    for tasks in (housekeeping, *accounts_tasks, workspaces_tasks, documents_tasks, mail_tasks):
        tasks.register(registry)
    if settings.ses_events_queue_url is not None:
        mail_tasks.register_reports(registry)
    if settings.identity == "cognito":
        directory_tasks.register_looks(registry)
    return registry


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
        cells=cells_of(settings),
        origin_secrets=settings.origin_secrets,
    )
    async with AsyncExitStack() as stack:
        opened = stack.enter_async_context
        clock = SystemClock()
        notices = await opened(open_notices(settings))
        if settings.metrics != "prometheus":
            # Where the log lines go, so that one log group holds both.
            detailed = settings.metrics == "emf-detailed"
            await opened(
                EmfWriter(REGISTRY, sys.stderr.write, service=settings.service_name, detailed=detailed).running()
            )
        database = await opened(open_database(settings, rotating=credentials.rotating, patience=START_SECONDS))
        if policy.cells is not None:
            await settle_in(policy.cells, database, clock)
        shared = await opened(open_shared(settings.redis_url, database, clock))
        database.doubts.subscribe(lambda: shared.fanout.publish(EventsMissed()))
        secret = await signing_secret(settings, database)
        directory = make_directory(settings, credentials.secrets, clock)
        identity = make_identity(
            settings, credentials.secrets, directory, database=database, clock=clock, secret=secret
        )
        bell = await opened(open_job_bell(settings, shared.job_bell))
        jobs = Jobs(registry=job_registry(settings), clock=clock, bell=bell)
        rooms = Rooms(
            database=database,
            clock=clock,
            jobs=jobs,
            doorbell=shared.doorbell,
            on_full=lambda: notices.publish(disk_full()),
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
            blobs=make_blobs(settings, secret, clock),
            mail=make_mail(settings),
            mail_reports=make_mail_reports(settings, clock),
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
            runner = Runner(
                runtime,
                database,
                runtime.jobs,
                shared=shared_queue,
                poll_seconds=SERVER_POLL_SECONDS,
                on_dead=telling_of_dead_jobs(runtime),
            )
            await opened(runner.running(grace_seconds=EMBEDDED_GRACE_SECONDS))
        stack.enter_context(telling_of_its_life(runtime))
        yield runtime
