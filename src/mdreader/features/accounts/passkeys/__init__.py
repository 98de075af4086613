"""Passkeys: WebAuthn credentials that a device or a password manager keeps."""
