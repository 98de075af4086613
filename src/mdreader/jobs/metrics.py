"""What workers count.

JOBS_RUNNING   mdreader_jobs_running                       jobs in the hands of this process
JOBS_WAITING   mdreader_jobs_waiting                       jobs whose time has come and that nobody works on; asked at each scrape
JOBS_OLDEST    mdreader_jobs_oldest_waiting_seconds        how long the oldest of those waits
JOB_SECONDS    mdreader_job_seconds{kind}                  one attempt
JOBS_ENDED     mdreader_jobs_ended_total{kind,ending}      attempts, by what became of the job
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from mdreader.kernel.metrics import REGISTRY

JOBS_RUNNING: Final = Gauge("mdreader_jobs_running", "Jobs in the hands of this process.", registry=REGISTRY)
JOBS_WAITING: Final = Gauge("mdreader_jobs_waiting", "Jobs that are due and that nobody works on.", registry=REGISTRY)
JOBS_OLDEST: Final = Gauge(
    "mdreader_jobs_oldest_waiting_seconds", "How long the oldest job that is due has waited.", registry=REGISTRY
)
JOB_SECONDS: Final = Histogram(
    "mdreader_job_seconds",
    "Seconds that an attempt at a job took.",
    ("kind",),
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600),
    registry=REGISTRY,
)
JOBS_ENDED: Final = Counter(
    "mdreader_jobs_ended", "Attempts at jobs, by what became of the job.", ("kind", "ending"), registry=REGISTRY
)
