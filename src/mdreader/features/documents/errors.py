"""What can go wrong with documents, each with the code that clients hold on to."""

from mdreader.kernel.errors import ConflictError, InvalidInputError, NotFoundError


class InvalidPathError(InvalidInputError):
    """A path that no document may have."""

    code = "invalid_path"
    title = "This path cannot be used"


class InvalidTextError(InvalidInputError):
    """A text that is not UTF-8, or that holds what no text file holds."""

    code = "invalid_text"
    title = "This text cannot be stored"


class PathTakenError(ConflictError):
    """A document stands there already, or on the way there. `extra` has its `path` and `document_id`."""

    code = "path_taken"
    title = "There is a document at this path already"


class PathIsFolderError(ConflictError):
    """Documents stand below the path; it cannot be one itself. `extra` has the `path`."""

    code = "path_is_folder"
    title = "There is a folder at this path already"


class FolderNotFoundError(NotFoundError):
    """No document stands below the path."""

    code = "folder_not_found"
    title = "There is no such folder"


class FolderIntoItselfError(InvalidInputError):
    """A folder cannot stand below itself."""

    code = "folder_into_itself"
    title = "A folder cannot be moved into itself"


class NotDeletedError(ConflictError):
    """Only what is deleted can be restored somewhere else; what is not is moved."""

    code = "not_deleted"
    title = "The document is not deleted"
