"""Users, their sessions and keys, and what else lets them in.

Instants are milliseconds since the Unix epoch; tokens, keys and codes are stored as hashes.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from mdreader.db.metadata import metadata
from mdreader.db.types import ordered_text

users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", ordered_text(), nullable=False, unique=True),  # lower case: one account an address
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),  # empty: an account without a password
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("email_verified_at", BigInteger),
    Column("is_operator", Boolean, nullable=False, server_default=false()),  # the first account: it runs the server
    # The address was confirmed by somebody who did not show the password: it alone opens nothing, a code goes to the address.
    Column("password_unproven", Boolean, nullable=False, server_default=false()),
)

sessions = Table(  # a log-in: the family of its refresh tokens, of which only the newest holds
    "sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("refresh_hash", LargeBinary(32), nullable=False),  # SHA-256
    Column("user_agent", Text, nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("address", Text, nullable=False, server_default=""),
    Column("method", String(64), nullable=False, server_default="password"),  # how it began
    Index("ix_sessions_user_id", "user_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scope", String(8), nullable=False),  # read | write
    Column("prefix", String(16), nullable=False),  # what a list may show
    Column("hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index("ix_api_keys_user_id", "user_id"),
)

challenges = Table(  # what holds once and not for long: links and codes in mails, second steps, ceremonies of passkeys and providers
    "challenges",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("purpose", String(32), nullable=False),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE")),  # none: nobody has this address
    Column("email", Text),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256
    Column("code_hash", LargeBinary(32)),  # HMAC
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("data", Text, nullable=False, server_default="{}"),  # JSON
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_challenges_user_id", "user_id"),
    Index("ix_challenges_email", "email", "purpose"),
    Index("ix_challenges_expires_at", "expires_at"),
)

totp_secrets = Table(
    "totp_secrets",
    metadata,
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),  # encrypted with a key derived from the server's secret
    Column("last_step", BigInteger, nullable=False, server_default="0"),  # of the newest code that was used
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
)

recovery_codes = Table(  # a code that was used is gone
    "recovery_codes",
    metadata,
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", LargeBinary(32), primary_key=True),  # HMAC
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("credential", LargeBinary, nullable=False),  # WebAuthn's attested credential data: id and public key
    Column("sign_count", BigInteger, nullable=False),
    Column("synced", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Index("ix_passkeys_user_id", "user_id"),
)

identities = Table(  # accounts elsewhere that let somebody in here
    "identities",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("provider", String(64), nullable=False),  # its id in the settings
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("email", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("valid_after", BigInteger),  # its tokens of before were signed out everywhere
    UniqueConstraint("issuer", "subject"),
    Index("ix_identities_user_id", "user_id"),
)

directory_sessions = Table(  # sessions that began with a password which a directory checked
    "directory_sessions",
    metadata,
    Column("session_id", String(36), ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("refresh_token", LargeBinary, nullable=False),  # the directory's; encrypted, as are secrets of apps
)
