"""What is said of sessions over HTTP."""

from pydantic import BaseModel, Field


class SessionOut(BaseModel):
    """A place where somebody is signed in."""

    id: str
    current: bool = Field(description="The session that asks.")
    device: str = Field(description="What the program calls itself, in words.", examples=["Firefox on Linux"])
    user_agent: str
    address: str = Field(description="From where it was begun.")
    method: str = Field(description="`password`, `signup`, `magic_link`, `passkey`, or a provider's id.")
    created_at: str
    last_seen_at: str = Field(description="Exact to 15 minutes.")


class SessionsOut(BaseModel):
    """All sessions that hold, newest first."""

    items: list[SessionOut]
