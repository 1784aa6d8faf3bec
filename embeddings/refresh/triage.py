"""What to do about which entities of a snapshot, so that their vectors say what they say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from embeddings.data.artifact import Artifact
from embeddings.data.fingerprints import differences, facts_among, moved, with_facts
from embeddings.data.snapshot import Snapshot
from embeddings.refresh.staleness import Compared
from kg_platform.cypher.changes import NEW


@dataclass(frozen=True)
class Triage:
    """Whom to fit, and whether it begins at its trained vector; whose trained vector stands, by
    position; and of those, (row in the artifact, id) to whom it is given back."""

    fit: dict[str, bool] = field(default_factory=dict)
    stand: list[int] = field(default_factory=list)
    restore: list[tuple[int, str]] = field(default_factory=list)


def due(
    snapshot: Snapshot, artifact: Artifact, compared: Compared, lacking: Collection[str]
) -> Triage:
    """Of the entities that are `lacking` a vector of the artifact (or have a provisional one),
    carry a mark, or were found to have changed."""
    before, marked = artifact.content(), snapshot.changed() > 0
    # Facts with entities or of types that were not trained say nothing that a fit could use.
    facts = facts_among(snapshot, compared.rows >= 0, set(artifact.relation_types))
    useful = with_facts(compared.content, facts)
    found = Triage()
    for at, name in enumerate(snapshot.entity_ids()):
        lacks = name in lacking
        if not (lacks or marked[at] or name in compared.changed):
            continue
        row = int(compared.rows[at])
        if row < 0:
            why = [NEW]
        elif before is not None:
            why = differences(before[row], useful[at])
        else:  # an older artifact: only the mark tells
            why = [NEW] if marked[at] else []
        if why:
            found.fit[name] = not moved(why, artifact.manifest["encoders"])
            continue
        found.stand.append(at)
        if lacks:
            found.restore.append((row, name))
    return found
