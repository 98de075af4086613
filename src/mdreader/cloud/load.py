"""How much there is to do for so many people: connections, edits, requests and bytes, at the busiest hour and over a month.

What people do is assumed, and named as such (`Habits`); the shape is that of the measured run of a thousand people.
"""

from dataclasses import dataclass
from typing import Final

from mdreader.cloud.figures import value

# How many are there at each hour of a working day in one time zone, 0 o'clock first; only the ratios count. Assumed.
DAY: Final = (2, 1, 1, 1, 1, 2, 6, 18, 42, 60, 62, 56, 44, 54, 60, 58, 50, 34, 18, 10, 8, 6, 4, 2)
PEAK: Final = max(DAY) * len(DAY) / sum(DAY)
DAYS_PER_MONTH: Final = 30.4
GIGABYTE: Final = 1e9


@dataclass(frozen=True, slots=True)
class Habits:
    """What one person who is there does. Assumed, not measured."""

    typing_share: float = 0.1  # of those who are there
    edits_per_second: float = 2.0  # of one who types
    people_per_document: int = 5
    reads_per_hour: float = 60  # GET over REST: lists, documents that are opened
    writes_per_hour: float = 2  # PUT, POST
    cursor_share: float = 1.0  # movements of the cursor that others are shown, for each edit
    bytes_per_message: float = 120  # one message to one person on the wire, with TLS, TCP and IP
    bytes_per_read: float = 6_000
    page_bytes_per_day: float = 80_000  # the page itself is kept by the browser on most days
    stored_bytes: float = 500_000  # in the database: 30 documents of 5 kB with snapshot, log and rows
    file_bytes: float = 20_000_000  # attachments and Markdown in the store of files
    new_files_share: float = 1 / 12  # of them a month, as far as they are sent to another region
    log_bytes_per_request: float = 400
    mails_per_month: float = 4


HABITS: Final = Habits()


@dataclass(frozen=True, slots=True)
class Load:
    """`users` people with an account, each there for `active_hours` a day."""

    users: int
    active_hours: float
    habits: Habits = HABITS

    @property
    def connected_mean(self) -> float:
        """Open documents, averaged over the day."""
        return self.users * self.active_hours / 24

    @property
    def connected_peak(self) -> float:
        """Open documents in the busiest hour."""
        return self.connected_at(max(range(len(DAY)), key=DAY.__getitem__))

    def connected_at(self, hour: int) -> float:
        """Open documents in an hour of the day."""
        return min(self.users, self.connected_mean * DAY[hour % len(DAY)] * len(DAY) / sum(DAY))

    def edits(self, connected: float) -> float:
        """Edits a second while so many are there."""
        return connected * self.habits.typing_share * self.habits.edits_per_second

    def requests(self, connected: float) -> float:
        """Requests over HTTP a second while so many are there."""
        return connected * (self.habits.reads_per_hour + self.habits.writes_per_hour) / 3600

    def server_cpu(self, connected: float, edit_us: float) -> float:
        """CPUs that the servers need while so many are there, when an edit costs `edit_us` microseconds."""
        habits = self.habits
        micro = (
            self.edits(connected) * edit_us
            + connected * habits.reads_per_hour / 3600 * value("cpu_us_per_read")
            + connected * habits.writes_per_hour / 3600 * value("cpu_us_per_write")
            + connected * value("cpu_us_per_connection_second")
        )
        return micro / 1e6

    def server_megabytes(self, connected: float) -> float:
        """Memory of one server that has so many."""
        return value("megabytes_started") + connected * value("kilobytes_per_connection") / 1000

    def database_cpu(self, connected: float) -> float:
        """CPUs of the database while so many are there. A request is reckoned as an edit: it was not measured by itself."""
        return (self.edits(connected) + self.requests(connected)) * value("database_cpu_us_per_edit") / 1e6

    def cache_cpu(self, connected: float) -> float:
        """CPUs of the cache while so many are there on several servers."""
        return self.edits(connected) * value("cache_cpu_us_per_edit") / 1e6

    @property
    def hours_per_month(self) -> float:
        """Hours that all people together are there in a month."""
        return self.users * self.active_hours * DAYS_PER_MONTH

    @property
    def edits_per_month(self) -> float:
        """Edits."""
        return self.edits(1) * 3600 * self.hours_per_month

    @property
    def requests_per_month(self) -> float:
        """Requests over HTTP."""
        return self.requests(1) * 3600 * self.hours_per_month

    @property
    def out_gigabytes(self) -> float:
        """What goes to people in a month: messages of live editing, answers, the page."""
        habits = self.habits
        others = habits.people_per_document - 1
        messages = self.edits_per_month * others * (1 + habits.cursor_share) * habits.bytes_per_message
        answers = habits.reads_per_hour * self.hours_per_month * habits.bytes_per_read
        page = self.users * DAYS_PER_MONTH * habits.page_bytes_per_day
        return (messages + answers + page) / GIGABYTE

    @property
    def in_gigabytes(self) -> float:
        """What people send in a month."""
        habits = self.habits
        own = self.edits_per_month * (1 + habits.cursor_share) * habits.bytes_per_message
        requests = self.requests_per_month * 1_000
        return (own + requests) / GIGABYTE

    @property
    def database_gigabytes(self) -> float:
        """Rows and indexes."""
        return self.users * self.habits.stored_bytes / GIGABYTE

    @property
    def file_gigabytes(self) -> float:
        """Attachments and Markdown files."""
        return self.users * self.habits.file_bytes / GIGABYTE

    @property
    def log_gigabytes(self) -> float:
        """Log lines of a month."""
        return self.requests_per_month * self.habits.log_bytes_per_request / GIGABYTE
