"""The whole main job on the demo world: database, world, ingest, vectors, three answers.

It is what a person would type one after the other (`kg db start`, `kg ingest`, `kg embed`,
`kg query`, `kg predict`), with the waits laid over each other: the database starts and the learning
libraries load while the world is made and taken in.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from ingest.loading.load import ingest
from ingest.sources.demo.world import SOURCE, write_demo_world
from kg_platform.browse.entities import Overview, overview
from kg_platform.browse.strangers import stranger
from kg_platform.curation.forget import forget
from kg_platform.cypher import demo as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from kg_platform.progress import Progress
from kg_platform.settings import Settings

PRESET = "fast"
GUESS = ("MAR", "LANGUAGE")  # the data knows one language of Morocco
GUESSES = 3


@dataclass(frozen=True)
class Answer:
    """A small table, and how a person gets it."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    how: str


@dataclass
class Demo:
    """What happened: what is in the graph, where time went, the answers.

    `seconds` of a step whose name ends in * passed in the background, during other steps.
    """

    overview: Overview | None = None
    changed: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)


def run_demo(settings: Settings, report: Progress) -> Demo:
    """Bring the platform in KG_HOME to the demo world with vectors, and ask it three things.

    Done before, it changes nothing and only asks.

    Raises:
        BadInput: the platform holds entities that are not the demo's.
        KgError: whatever a step raises.
    """
    demo = Demo()
    with Platform.open(settings) as platform, ThreadPoolExecutor(max_workers=2) as background:
        ready = background.submit(_open_graph, platform, demo)
        # Where there is an artifact, there is probably nothing to learn and nothing to load for it.
        first = not settings.artifacts_dir.is_dir()
        loaded = background.submit(_load_libraries, demo) if first else None
        with _timed(demo, "make the world"):
            report("make the world", 0, None)
            folder = write_demo_world(settings, lambda done, of: report("draw flags", done, of))
        with _timed(demo, "wait for the database"):
            report("start the database", 0, None)
            ready.result()
        refuse_strangers(platform.graph)
        with _timed(demo, "ingest"):
            take_out_provinces(platform.graph, report)
            ingest(platform, folder, name=SOURCE, on_progress=report)
        if loaded is not None:
            with _timed(demo, "wait for the libraries"):
                report("load the learning libraries", 0, None)
                loaded.result()
        _embed(platform, demo, report)
        with _timed(demo, "ask"):
            demo.overview = overview(platform.graph)
            demo.answers = [
                flags_alike(platform.graph),
                countries_alike(platform.graph),
                predicted_fact(platform),
            ]
    return demo


def refuse_strangers(graph: Graph) -> None:
    """Raises: BadInput: somebody else's entities are in the graph."""
    found = stranger(graph, [SOURCE])
    if found is not None:
        raise BadInput(
            f"This platform holds entities that are not the demo's ({found[:40]!r} is "
            "one); set KG_HOME to another folder, such as ~/kg-demo, and the demo goes there."
        )


def take_out_provinces(graph: Graph, report: Progress) -> int:
    """Provinces that an earlier version of the demo made entities of; how many there were.

    Their countries are marked as changed, so their vectors are learnt anew.
    """
    found = graph.read(Statement(cypher.FORMER_PROVINCES, {"source": SOURCE}))
    if not found:
        return 0
    report("take out provinces", 0, None)
    return forget(graph, [row["id"] for row in found])


def flags_alike(graph: Graph) -> Answer:
    """Pairs of countries whose flags are nearest to each other without being one picture."""
    rows = graph.read(Statement(cypher.FLAGS_ALIKE))
    return Answer(
        "Flags that look alike",
        ("one", "other", "score"),
        [(row["one"], row["other"], row["score"]) for row in rows],
        graph.vocabulary.text(cypher.FLAGS_ALIKE),
    )


def countries_alike(graph: Graph) -> Answer:
    """Countries nearest to Norway by facts, text and flag together."""
    rows = graph.read(Statement(cypher.COUNTRIES_ALIKE))
    return Answer(
        "Countries like Norway",
        ("country", "score"),
        [(row["country"], row["score"]) for row in rows],
        graph.vocabulary.text(cypher.COUNTRIES_ALIKE),
    )


def predicted_fact(platform: Platform) -> Answer:
    """The likeliest further languages of Morocco; none of them is in the data."""
    from embeddings.answers.predict import predict_tails
    from embeddings.publish.live_artifact import open_published

    artifact = open_published(platform.graph, platform.settings.artifacts_dir)
    head, relation = GUESS
    found = predict_tails(artifact, platform.graph, head, relation, GUESSES)
    return Answer(
        "Languages of Morocco that are not in the data, but likely",
        ("language", "score"),
        [(guess.label, guess.score) for guess in found],
        f"kg predict {head} {relation} -k {GUESSES}",
    )


def _open_graph(platform: Platform, demo: Demo) -> None:
    with _timed(demo, "start the database*"):
        _ = platform.graph


def _load_libraries(demo: Demo) -> None:
    """Import what learning needs while the database starts and takes the data in.

    Optimisers import torch._dynamo when the first one is made: seconds that fit in here as well.
    """
    with _timed(demo, "load libraries*"):
        for name in ("embeddings.jobs.embed", "torch._dynamo", "torch.utils.tensorboard"):
            importlib.import_module(name)


def _embed(platform: Platform, demo: Demo, report: Progress) -> None:
    from embeddings.jobs.embed import embed
    from embeddings.jobs.embed_options import EmbedOptions
    from embeddings.jobs.settled import settled
    from embeddings.numerics.threads import one_thread
    from embeddings.training.options import preset_options

    if settled(platform):
        return
    demo.changed = True
    options = EmbedOptions(train=preset_options(PRESET, device=platform.settings.device))
    with one_thread():
        result = embed(platform, options, on_progress=report)
    demo.seconds |= {name: float(seconds) for name, seconds in result.seconds.items()}


@contextmanager
def _timed(demo: Demo, step: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    demo.seconds[step] = time.perf_counter() - begun
