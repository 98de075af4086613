"""`python -m mdreader.cli`."""

from mdreader.cli import app

app()
