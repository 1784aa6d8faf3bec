"""What `kg embed` was asked for, as its options' names and values -> the options of the job.

A schedule keeps the same names and values in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from embeddings.data.snapshot import check_names
from embeddings.data.splits import Unit
from embeddings.training import presets
from embeddings.training.options import TrainOptions, preset_options, read_weights
from kg_platform.graph.client import Graph
from kg_platform.modality import MODALITIES, Modality


@dataclass(frozen=True)
class EmbedOptions:
    """What to embed and how. Empty `labels` and `relationship_types` mean the whole graph."""

    labels: tuple[str, ...] = ()
    relationship_types: tuple[str, ...] = ()
    text: bool = True
    pictures: bool = True
    sounds: bool = True
    films: bool = True
    warm: bool = True  # go on from the run that is live, where that is possible
    unit: Unit = "pair"  # what is held out together; nobody chooses it: it tells versions apart
    train: TrainOptions = field(default_factory=TrainOptions)

    @property
    def modalities(self) -> list[Modality]:
        """Those whose contents become vectors."""
        return modalities_of(self)


def modalities_of(options: object) -> list[Modality]:
    """The modalities that options ask for, each by its field."""
    return [one for one in MODALITIES if getattr(options, one.option)]


def of_graph(graph: Graph, options: EmbedOptions) -> EmbedOptions:
    """The options for this graph, with its `types_of_graph` and their weights.

    Raises:
        BadInput: a weight is given to a type that the graph has not.
    """
    types = types_of_graph(graph, options.relationship_types)
    train = weighed(graph, options.train)
    return replace(options, relationship_types=types, train=train)


def weighed(graph: Graph, train: TrainOptions) -> TrainOptions:
    """With the weights of relationship types that were given, else those of an adoption."""
    if train.relation_weights:
        check_names(graph, (), tuple(read_weights(train.relation_weights)))
        return train
    weights = dict(graph.adoption.weights) if graph.adoption else {}
    return replace(train, relation_weights=json.dumps(weights)) if weights else train


def types_of_graph(graph: Graph, named: Sequence[str]) -> tuple[str, ...]:
    """The relationship types that are learnt from: where nobody names any, a graph that was adopted
    has said which."""
    return tuple(named or (graph.adoption.relationship_types if graph.adoption else ()))


# What the options are on the command line: by name, the flag that gives a value or says yes, and
# the one that says no. `kg embed` is held to it by a test.
FLAGS: dict[str, tuple[str, ...]] = {
    "label": ("--label",),
    "relationship_type": ("--relationship-type",),
    "model": ("--model",),
    "dimension": ("--dimension",),
    "fusion": ("--fusion",),
    "loss": ("--loss",),
    "video_pooling": ("--video-pooling",),
    "preset": ("--preset",),
    "epochs": ("--epochs",),
    "setting": ("--set",),
    "seed": ("--seed",),
    **{one.option: (f"--{one.option}", f"--no-{one.option}") for one in MODALITIES},
    "publish_vectors": ("--publish", "--no-publish"),
    "warm": ("--warm", "--cold"),
    "new_only": ("--new-only",),
}
_CHOICES = ("model", "dimension", "fusion", "loss", "video_pooling", "epochs", "seed")


def embed_options(given: Mapping[str, Any], device: str) -> EmbedOptions:
    """The job's options; what is not given, or None, is the default of `kg embed`.

    Raises:
        BadInput: an option's value is not possible. NotFound: the preset's file is not there.
    """
    chosen = {name: given[name] for name in _CHOICES if given.get(name) is not None}
    return EmbedOptions(
        labels=tuple(given.get("label") or ()),
        relationship_types=tuple(given.get("relationship_type") or ()),
        **{one.option: given.get(one.option, True) for one in MODALITIES},
        warm=given.get("warm", True),
        train=preset_options(
            given.get("preset", "balanced"),
            **{
                "device": device,
                **presets.parse(given.get("setting") or (), TrainOptions),
                **chosen,
            },
        ),
    )


def words(given: Mapping[str, Any]) -> list[str]:
    """What was asked for, as a person would type it after `kg embed`."""
    found: list[str] = []
    for name, flags in FLAGS.items():
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, bool):
            found.append(flags[0] if value else flags[1])
        else:
            for one in value if isinstance(value, list) else [value]:
                found += [flags[0], str(one)]
    return found
