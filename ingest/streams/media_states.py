"""What a batch of messages says of media that could not be had, now or earlier.

A failure is of an entity, its role there and its place. One that was kept earlier goes when the
source says something else of its entity, or the medium was had: `kg media retry` must not link what
nobody names any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from kg_platform.ledger.media_failures import MediaFailures
from kg_platform.records import HeldMedium, MediaRef, MediumRejection, Rejection

_ALL = None  # all roles


@dataclass
class MediaStates:
    """Told what messages say, in their order."""

    _failed: dict[tuple[str, str, str], MediumRejection] = field(default_factory=dict)
    # Entity -> what of it was said anew: a role, a place in a role, or all.
    _anew: dict[str, set[tuple[str, str] | str | None]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def entity(self, name: str) -> None:
        """All of it is said anew, or it has gone."""
        self._forget(name, _ALL)

    def gone(self, entity: str, role: str) -> None:
        """It has no media of this role any more."""
        self._forget(entity, role)

    def had(self, entity: str, ref: MediaRef) -> None:
        self._forget(entity, (ref.role, ref.location))

    def refused(self, rejection: Rejection) -> None:
        """Something was refused; what came with its bytes is nowhere to be tried again."""
        if isinstance(rejection, MediumRejection):
            entity, ref = rejection.entity, rejection.ref
            if not HeldMedium.is_name(ref.location):
                self._failed[entity, ref.role, ref.location] = rejection

    def keep(
        self, failures: MediaFailures, run_id: str, source: str, folder: str, *, fetched: bool
    ) -> None:
        """Have it in the ledger; doing it again changes nothing. Failures of addresses stay where
        none are `fetched`."""
        settled = [
            row.key
            for row in failures.of(source, self._anew)
            if (row.entity, row.role, row.location) not in self._failed
            and (fetched or not row.ref().is_address)
            and self._is_anew(self._anew[row.entity], row.role, row.location)
        ]
        failures.settle(settled)
        failures.note(run_id, source, folder, list(self._failed.values()))

    def _forget(self, entity: str, what: tuple[str, str] | str | None) -> None:
        self._anew[entity].add(what)
        for key in [key for key in self._failed if key[0] == entity]:
            if self._is_anew({what}, *key[1:]):
                del self._failed[key]

    @staticmethod
    def _is_anew(said: Collection[tuple[str, str] | str | None], role: str, place: str) -> bool:
        return _ALL in said or role in said or (role, place) in said
