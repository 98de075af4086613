"""`python -m support.without_extras serve`: mdreader where none of the extras is installed. Whatever asks for one is told so, loudly."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

# What the extras bring, as `import` names them.
EXTRAS: Final = ("asyncpg", "redis", "boto3", "botocore", "opentelemetry.sdk", "opentelemetry.exporter")
ASKED: Final = "asked for an extra:"


class Absent(MetaPathFinder):
    """Finds none of them, and says who asked."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib`."""
        if any(fullname == name or fullname.startswith(f"{name}.") for name in EXTRAS):
            print(ASKED, fullname, file=sys.stderr, flush=True)
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


if __name__ == "__main__":
    sys.meta_path.insert(0, Absent())
    from mdreader.cli import app

    app()
