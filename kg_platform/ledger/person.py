"""What stands in the ledger of a person, and the roles there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

# What each may do includes what those before it may: look; decide and comment; load, train,
# publish, schedule.
Role = Literal["viewer", "curator", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)
NONE = "none"  # revoked: no role, whatever a login claims


@dataclass(frozen=True)
class PersonRow:
    """Somebody who logged in, or whom something was granted. `granted` is a role, `none`, or None:
    nobody said anything here. `signed_in` and `signed_out` are when the login was issued that is
    the newest, or that was ended, in seconds since 1970 by the clock of whoever issued it."""

    name: str
    granted: str | None
    granted_by: str | None
    granted_at: str | None
    claimed: str
    signed_in: int
    signed_out: int
    seen_at: str | None

    @property
    def role(self) -> Role | None:
        """What the person may do now."""
        said = self.claimed if self.granted is None else self.granted
        return next((role for role in ROLES if role == said), None)
