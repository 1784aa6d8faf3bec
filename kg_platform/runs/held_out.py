"""What the figures of a run are worth: the test facts that training knew too much of, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

NOT_LOOKED_AT = (
    "An earlier version made this run, and did not hold out the mirror, inverse and synonyms of a "
    "test fact with it: its test figures may be too high. `kg embed --cold` measures anew."
)


def caveat(counts: Mapping[str, Any] | None, unit: str | None) -> str | None:
    """A sentence on the test facts of a run, where there is something to say.

    `counts` as `embeddings.evaluation.held_out` has them (None: nobody looked), `unit` what was
    held out together: "pair", "fact" (as earlier versions did), "given" where the graph or folder
    says it, or None, nobody knows.
    """
    if counts is None:
        return None if unit == "pair" else NOT_LOOKED_AT
    parts = [
        words.format(counts[name])
        for name, words in (
            ("leaked", "{:,} are training facts as well"),
            ("joined", "{:,} have ends that a training fact joins too, perhaps as their mirror, "
                       "inverse or synonym"),
            ("unseen_entities", "{:,} name an entity that no training fact has"),
            ("unseen_relations", "{:,} are of a relation that no training fact has"),
        )
        if counts.get(name)
    ]  # fmt: skip
    if not parts:
        return None
    known = counts.get("leaked") or counts.get("joined")
    worth = "; figures of facts that can be read off training are too high" if known else ""
    again = " `kg embed --cold` holds such facts out together." if known and unit == "fact" else ""
    return f"Of {counts['facts']:,} test facts {'; '.join(parts)}{worth}.{again}"


class EmbeddingRun(Protocol):
    """What of a run in the ledger says how its test facts were chosen."""

    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...
    @property
    def metrics(self) -> Mapping[str, Any]: ...


def of_run(run: EmbeddingRun) -> str | None:
    """The sentence on an embedding run that has test figures; of other runs there is none."""
    if run.kind != "embed" or run.status != "succeeded" or "test_mrr" not in run.metrics:
        return None
    counts = run.metrics.get("test_facts")
    return caveat(counts, (counts or run.settings).get("unit"))
