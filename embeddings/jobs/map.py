"""The job that makes maps: one of each kind of vectors of a run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from embeddings.answers.maps.making import MapMaker
from embeddings.answers.maps.projection import chosen
from embeddings.answers.maps.stored import StoredMap, kept_maps, save
from embeddings.answers.question import property_of
from embeddings.data.artifact import Artifact, open_artifact
from embeddings.jobs.run import Job
from embeddings.publish.published import published_run
from kg_platform.browse.columns import EntityColumns
from kg_platform.errors import BadInput, NotFound
from kg_platform.graph.client import Graph
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged


@dataclass(frozen=True)
class MapSummary:
    """One map that was made, or was there already. `moved`: of the span, the median, 95th
    percentile and maximum of the points that an earlier map had."""

    run: str
    vectors: str
    points: int
    clusters: int
    method: str
    laid_over: str | None
    moved: tuple[float, float, float] | None
    seconds: float


def make_maps(
    platform: Platform,
    run: str | None = None,
    by: Sequence[str] = (),
    method: str = "auto",
    again: bool = False,
    on_progress: Progress | None = None,
) -> list[MapSummary]:
    """Make the maps of a run (the published one, if none is named) that are not there yet; with
    `again`, all. `by`: of which vectors, as `kg similar --by`.

    Raises:
        NotFound: there is no such run, or it has no such vectors. BadInput: no such method.
    """
    chosen(method, 10**6)  # what is mistyped is said before anything is read
    for each in by:
        property_of(each)
    name = run or str(published_run(platform.graph)["id"])
    artifact = open_artifact(platform.settings.artifacts_dir / name, verify=False)
    wanted = [property_of(each) for each in by] or artifact.names
    for vectors in wanted:
        if vectors not in artifact.names:
            there = ", ".join(artifact.names)
            raise NotFound(
                f"Run {name} has no vectors {vectors!r}, so no map of them; it has {there}."
            )
    if not again:
        there_already = kept_maps(platform.settings.artifacts_dir).get(name, [])
        wanted = [vectors for vectors in wanted if vectors not in there_already]
    if not wanted:
        return []
    return MapJob(platform, logged(on_progress)).run(artifact, wanted, method)


class MapJob(Job):
    """A run of the ledger, a step a map."""

    KIND = "map"

    def run(self, artifact: Artifact, vectors: Sequence[str], method: str) -> list[MapSummary]:
        settings = {"run": artifact.folder.name, "vectors": list(vectors), "method": method}
        made = []
        with self.running(settings):
            maker = MapMaker(artifact, EntityColumns(self.platform.graph))
            for place, name in enumerate(vectors):
                self.report("maps", place, len(vectors))
                with self.step(f"map {name}") as details:
                    summary = map_one(maker, artifact, name, method)
                    details.update(vars(summary))
                made.append(summary)
            self.report("maps", len(vectors), len(vectors))
        self.succeeded({"maps": len(made)})
        return made


def map_one(maker: MapMaker, artifact: Artifact, vectors: str, method: str) -> MapSummary:
    """Make one map and keep it."""
    made = maker.make(vectors, method)
    save(artifact.folder, made)
    return summary_of(made)


def maps_of_new_run(graph: Graph, artifact: Artifact, report: Progress) -> dict[str, Any]:
    """The maps of a run that was just trained, as details of its step. Vectors that no entity has
    are passed over."""
    maker, made = MapMaker(artifact, EntityColumns(graph)), {}
    for place, name in enumerate(artifact.names):
        report("maps", place, len(artifact.names))
        with suppress(BadInput):
            made[name] = vars(map_one(maker, artifact, name, "auto"))
    report("maps", len(artifact.names), len(artifact.names))
    return made


def summary_of(made: StoredMap) -> MapSummary:
    moved = made.about.get("moved")
    return MapSummary(
        made.run,
        made.vectors,
        made.count,
        len(set(made.codes["cluster"][made.codes["cluster"] >= 0].tolist())),
        made.method,
        made.about.get("laid_over"),
        tuple(moved) if moved is not None else None,
        float(made.about.get("seconds", 0)),
    )
