"""What can go wrong with workspaces and members, each with the code that clients hold on to."""

from mdreader.kernel.errors import ConflictError, GoneError, NotFoundError


class UserNotFoundError(NotFoundError):
    """Nobody signed up with this address."""

    code = "user_not_found"
    title = "Nobody has an account with this email address"


class AddressUnconfirmedError(ConflictError):
    """Somebody signed up with this address and has not shown that it is theirs: it may be anybody."""

    code = "address_unconfirmed"
    title = "This person has not confirmed their address yet. Ask them to, then add them"


class MemberNotFoundError(NotFoundError):
    """This person is not in the workspace."""

    code = "member_not_found"
    title = "There is no such member"


class AlreadyMemberError(ConflictError):
    """This person is in the workspace already."""

    code = "already_member"
    title = "This person is a member already"


class LastOwnerError(ConflictError):
    """A workspace without an owner could be managed by nobody."""

    code = "last_owner"
    title = "A workspace needs an owner"


class ResyncNeededError(GoneError):
    """The changes since this cursor are not known any more (410)."""

    code = "resync"
    title = "The changes since then are not known any more"
