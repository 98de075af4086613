"""mdreader: a collaborative Markdown workspace."""

__version__ = "0.1.0"
