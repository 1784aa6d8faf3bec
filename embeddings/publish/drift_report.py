"""What a person reads of a drift: figures over all, by type, by what had changed, and who moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.data.artifact import Artifact
from embeddings.data.fingerprints import ASPECTS
from embeddings.publish.drift import NEIGHBOURS, Drift

NOTHING = "nothing"  # had changed


def report(
    found: Drift,
    before: Artifact,
    after: Artifact,
    types: Mapping[str, str],
    most: int,
) -> dict[str, Any]:
    """Figures for JSON and tables. `types` name the type of an entity, where it is known; `most`
    entities that moved are listed, the farthest first: those of the sample with the fewest
    neighbours left, of those the ones that turned most.
    """
    reasons = _reasons(found, before, after)
    kinds = [types.get(name, "") for name in found.shared]
    sampled = found.sampled
    angles = found.cosine[sampled]
    farthest = np.lexsort((np.nan_to_num(angles, nan=0.0), found.same))[:most]
    return {
        "before": before.folder.name,
        "after": after.folder.name,
        "shared": len(found.shared),
        "gone": len(found.gone),
        "new": len(found.new),
        "turned": found.turned,
        "overlap": found.overlap,
        "cosine": _mean(found.cosine),
        "sampled": len(sampled),
        "neighbours": NEIGHBOURS,
        "types": list(_groups(found, [kinds[i] for i in sampled])),
        "reasons": list(_reason_groups(found, reasons)),
        "moved": [
            {
                "id": found.shared[sampled[row]],
                "type": kinds[sampled[row]] or None,
                "overlap": float(found.same[row]),
                "cosine": _number(angles[row]),
                "changed": reasons[sampled[row]] if reasons is not None else None,
            }
            for row in farthest.tolist()
        ],
    }


def _reasons(found: Drift, before: Artifact, after: Artifact) -> list[list[str]] | None:
    """What had changed of each shared entity between the two; None where one does not know."""
    contents = [artifact.content() for artifact in (before, after)]
    if contents[0] is None or contents[1] is None:
        return None
    old, new = contents[0][found.rows[0]], contents[1][found.rows[1]]
    changed = old != new
    return [[ASPECTS[column] for column in np.flatnonzero(row)] for row in changed]


def _groups(found: Drift, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Figures of the sampled entities by a name each; the largest groups first."""
    places: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        places.setdefault(name, []).append(row)
    for name, rows in sorted(places.items(), key=lambda item: (-len(item[1]), item[0])):
        yield {"name": name, **_figures(found, np.array(rows))}


def _reason_groups(found: Drift, reasons: list[list[str]] | None) -> Iterator[dict[str, Any]]:
    """Figures by what had changed; an entity of which two things changed counts in both."""
    if reasons is None:
        return
    for name in (*ASPECTS, NOTHING):
        rows = [
            row
            for row, place in enumerate(found.sampled.tolist())
            if (name in reasons[place]) or (name == NOTHING and not reasons[place])
        ]
        if rows:
            yield {"name": name, **_figures(found, np.array(rows))}


def _figures(found: Drift, rows: NDArray[np.int64]) -> dict[str, Any]:
    return {
        "entities": len(rows),
        "overlap": float(found.same[rows].mean()),
        "cosine": _mean(found.cosine[found.sampled[rows]]),
    }


def _mean(values: NDArray[np.float32]) -> float | None:
    return _number(values.mean())


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
