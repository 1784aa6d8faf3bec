"""What sources say of two entities that become one, and of one that becomes two again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kg_platform.graph.client import Run
from kg_platform.graph.kept import give
from kg_platform.provenance import states
from kg_platform.provenance.fusion import FusionRules, fused
from kg_platform.provenance.images import records_of

MADE, MOVED = "records_made", "records_moved"  # properties of a merge: ids of records


def carry(run: Run, kept: str, gone: str) -> dict[str, list[str]]:
    """Hang what sources say of `gone`, and of `kept`, on `kept`; both are locked. Which records
    were made and which moved; nothing where nobody describes the one that goes."""
    images = states.read(run, [kept, gone])
    before = images[kept].records
    moving = records_of(gone, images[gone])
    if not moving:
        return {}
    after = records_of(kept, images[kept]) | moving
    states.drop_records(run, list(images[gone].records))
    states.put_records(run, kept, before, after)
    made = [key for key in after if key not in before and key not in images[gone].records]
    return {MADE: made, MOVED: list(images[gone].records)}


def give_back(run: Run, kept: str, gone: str, made: Sequence[str], moved: Sequence[str]) -> None:
    """What `carry` did is as before it; both are there."""
    records = states.read(run, [kept])[kept].records
    states.drop_records(run, [*made, *moved])
    back = {key: records[key] for key in moved if key in records}
    states.put_records(run, gone, {}, back)


def shown_hash(run: Run, kept: str, rules: FusionRules) -> Any:
    """The `content_hash` of an entity that shows what several records say."""
    image = states.read(run, [kept])[kept]
    if not image.records:
        return image.properties.get("content_hash")
    return give(fused(kept, image.records, rules, image).properties["content_hash"])
