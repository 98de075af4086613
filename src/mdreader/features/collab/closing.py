"""Why a socket is closed: codes that a client can act on."""

from enum import IntEnum


class CloseCode(IntEnum):
    """Close codes of the collab socket; 4000 and above are ours."""

    UNSUPPORTED_DATA = 1003  # a text frame
    FRAME_TOO_BIG = 1009
    GOING_AWAY = 1012  # the server restarts; the reason is `retry-in-ms=N`
    TRY_AGAIN_LATER = 1013  # what was sent last could not be stored; it is not saved
    REFUSED = 4400  # malformed, hostile or unsupported message
    UNAUTHENTICATED = 4401  # bad or expired token, or the session ended: get a new ticket
    FORBIDDEN = 4403  # no right to read, or a text update without the right to write
    NOT_FOUND = 4404  # no such document, or deleted
    EPOCH_CHANGED = 4409  # the local copy belongs to an earlier life of the document: start afresh
    TOO_LARGE = 4413  # the document would be over its size limit
    OTHER_CELL = 4421  # it lives in another cell; the reason is the address to open there
    TOO_MANY_MESSAGES = 4429
