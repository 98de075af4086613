"""What can go wrong with an import, each with the code that clients hold on to."""

from mdreader.kernel.errors import ConflictError, TooLargeError


class ImportTooLargeError(TooLargeError):
    """More in one call than it may bring."""

    code = "import_too_large"
    title = "This is too much for one call"


class PathTwiceError(ConflictError):
    """Two files of one call go by the same path, once it is normalised."""

    code = "path_twice"
    title = "Another file in this import has the same path"


class EditedHereError(ConflictError):
    """The document is no longer what was imported."""

    code = "edited_here"
    title = "The document was edited here since its import"


class NotImportedError(ConflictError):
    """A document that was written here stands at the path."""

    code = "not_imported"
    title = "Another document stands here that was not imported"
