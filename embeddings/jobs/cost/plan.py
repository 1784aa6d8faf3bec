"""Make the plan of an embedding run, and say afterwards how far it was off."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from embeddings.features.cache import FeatureCache
from embeddings.features.modal import Encoders, Reading
from embeddings.jobs.cost.estimate import CostPlan, Estimate, Publishing, gib, plan
from embeddings.jobs.cost.speed import Encoding, encode, measure_training
from embeddings.jobs.cost.survey import survey
from embeddings.numerics.memory import free_bytes
from embeddings.publish.vector_indexes import refuse_too_wide
from kg_platform.modality import AUDIO, IMAGE, MODALITIES, TEXT, VIDEO
from kg_platform.platform import Platform
from kg_platform.process import Process
from kg_platform.progress import Progress, silent
from kg_platform.runs.figures import seconds as seconds_between

if TYPE_CHECKING:
    from embeddings.jobs.embed_options import EmbedOptions

# Contents encoded to see how long one takes. A run looks at a few, for it encodes them all anyway;
# `kg embed --plan`, which does nothing else, at more.
QUICK = {TEXT.name: 16, IMAGE.name: 4, AUDIO.name: 2, VIDEO.name: 2}
THOROUGH = {TEXT.name: 96, IMAGE.name: 24, AUDIO.name: 8, VIDEO.name: 8}
# A plan's part, and the steps of the job that it stands for.
STEPS = {
    "snapshot": ("snapshot",),
    "features": tuple(one.step for one in MODALITIES),
    "training": ("train",),
    "ranking": ("rank",),
    "publishing": ("publish",),
}
OWN_SPREAD = 1.6  # of publishing, where this machine has published before


def make(
    platform: Platform,
    options: EmbedOptions,
    encoders: Encoders,
    *,
    publish: bool = True,
    at_most: Mapping[str, int] = THOROUGH,
    on_progress: Progress | None = None,
) -> CostPlan:
    """Count, try a little of everything for a few seconds, and add up. The graph is only read.

    Raises:
        BadInput: a label or type does not exist, or there is nothing to embed.
        EncoderError: an encoder cannot be loaded.
    """
    if publish:  # before hours of training, not after them
        refuse_too_wide({"embedding": options.train.dimension * options.train.members})
    report = on_progress or silent
    settings = platform.settings
    report("plan: looking at the graph", 0, None)
    found = survey(platform.graph, options.labels, options.relationship_types)
    encodings: dict[str, Encoding] = {}
    reading = Reading.of(platform.media, settings)
    for modality in options.modalities:
        if modality.media and not found.sample.chosen[modality.name]:
            continue
        report(f"plan: {modality.items}", 0, None)
        cache = FeatureCache(settings.features_dir, encoder := encoders.of(modality))
        most = at_most[modality.name]
        encodings[modality.name] = encode(modality, found.sample, encoder, cache, reading, most)
    report("plan: steps of training", 0, None)
    tried = measure_training(found.entities, found.facts, encodings, options.train)
    publishing = _publishing(platform) if publish else None
    made = plan(found, encodings, tried, options.train, publishing)
    return replace(made, notes=(*made.notes, *_warnings(made, settings.home, options)))


def _publishing(platform: Platform) -> Publishing:
    """What the latest publish on this machine took; without one, what it took elsewhere."""
    for run in platform.ledger.runs("embed"):
        step = next((one for one in run.steps if one.name == "publish"), None)
        if step is None or step.status != "succeeded" or run.host != Process.this().host:
            continue
        width = sum(step.details.get("vectors", {}).values())
        numbers = step.details.get("entities", 0) * width
        took = seconds_between(step.started_at, step.finished_at)
        if numbers and took and not step.details.get("resumed_at"):
            return Publishing(took / numbers, OWN_SPREAD)
    return Publishing()


def _warnings(made: CostPlan, home: Path, options: EmbedOptions) -> tuple[str, ...]:
    """What will probably not fit: more memory or disk than is free now."""
    said = []
    free = free_bytes(torch.device("cpu"))
    if made.memory.likely > free:
        said.append(
            f"About {gib(made.memory.likely)} of memory are needed and {gib(free)} are free: "
            f"choose a dimension below {options.train.dimension}, or free some memory."
        )
    room = shutil.disk_usage(home).free
    if made.disk.likely > room:
        said.append(
            f"About {gib(made.disk.likely)} of disk are needed and {gib(room)} are free: "
            "make room, or choose another KG_HOME."
        )
    return tuple(said)


class Off(NamedTuple):
    """A figure as it was planned and as it came."""

    predicted: float
    actual: float

    @property
    def percent(self) -> int:
        """By how much the actual figure was above (+) or below (-) the predicted one."""
        return round(100 * (self.actual / self.predicted - 1)) if self.predicted else 0


def compare(made: CostPlan, seconds: Mapping[str, float], peak: int) -> dict[str, Off]:
    """A plan against the seconds of the job's steps and its peak memory.

    Steps that were not planned (writing the artifact) are left out on both sides.
    """
    offs = {
        name: Off(expected.likely, sum(seconds.get(step, 0.0) for step in STEPS[name]))
        for name, expected in made.seconds.items()
    }
    total = Off(made.total.likely, sum(off.actual for off in offs.values()))
    return {"seconds": total, "memory": Off(made.memory.likely, float(peak)), **offs}


def sentence(offs: Mapping[str, Off]) -> str:
    """The comparison in one line."""
    whole, held = offs["seconds"], offs["memory"]
    steps = [
        f"{name} {off.predicted:.1f} -> {off.actual:.1f} s"
        for name, off in offs.items()
        if name in STEPS
    ]
    return (
        f"Planned {whole.predicted:.1f} s and {gib(held.predicted)}; it took {whole.actual:.1f} s "
        f"({whole.percent:+d} %) and {gib(held.actual)} ({held.percent:+d} %): {', '.join(steps)}."
    )


def figures(offs: Mapping[str, Off]) -> dict[str, dict[str, float]]:
    """The comparison for the ledger: what was predicted and what came, memory in MiB."""
    scale = {"memory": 1 / (1 << 20)}
    return {
        name: {key: round(value * scale.get(name, 1), 2) for key, value in off._asdict().items()}
        for name, off in offs.items()
    }


def shown(made: CostPlan) -> list[tuple[str, str, str]]:
    """Rows (what, likely, from-to) for people."""
    rows = [
        (name, f"{found.likely:.1f} s", f"{found.low:.1f} - {found.high:.1f} s")
        for name, found in [*made.seconds.items(), ("all of it", made.total)]
    ]
    return [*rows, _sizes("memory, at the peak", made.memory), _sizes("disk, at most", made.disk)]


def _sizes(name: str, found: Estimate) -> tuple[str, str, str]:
    return name, gib(found.likely), f"{gib(found.low)} - {gib(found.high)}"
