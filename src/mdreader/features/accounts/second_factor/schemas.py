"""What is said of the second factor over HTTP."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from mdreader.features.accounts.codes.schemas import Code
from mdreader.features.accounts.schemas import Password

RecoveryCode = Annotated[str, Field(max_length=64, examples=["abcde-fghij"])]
StepToken = Annotated[str, Field(max_length=128)]


class ProofIn(BaseModel):
    """A code, or a recovery code."""

    code: Code | None = None
    recovery_code: RecoveryCode | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.code is None) == (self.recovery_code is None):
            raise ValueError("Send either the code or a recovery code.")
        return self


class SecondStepIn(ProofIn):
    """The second step of signing in."""

    mfa_token: StepToken


class AgainIn(BaseModel):
    """For which second step another code is mailed."""

    mfa_token: StepToken


class RemovalIn(ProofIn):
    """A code or a recovery code; and the password, where a directory keeps the account."""

    password: Password | None = None


class PasswordProofIn(BaseModel):
    """The password, when the sign-in is longer ago than 15 minutes."""

    password: Password | None = None


class CodeIn(BaseModel):
    """What the authenticator app shows."""

    code: Code


class NewAppOut(BaseModel):
    """For an authenticator app, this once."""

    secret: str = Field(description="Base 32.")
    uri: str = Field(description="The same as an `otpauth:` address, for a QR code.")


class RecoveryCodesOut(BaseModel):
    """Codes that stand in for the app, each once. They are shown this once."""

    recovery_codes: list[str]
