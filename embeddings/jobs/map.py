"""The job that makes maps: one of each kind of vectors of a run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.answers.maps.making import MapMaker
from embeddings.answers.maps.projection import chosen
from embeddings.answers.maps.stored import StoredMap, kept_maps, save
from embeddings.answers.question import property_of
from embeddings.data.artifact import Artifact, open_artifact
from embeddings.jobs.run import Job
from embeddings.publish.published import published_run
from kg_platform.browse.columns import EntityColumns
from kg_platform.errors import BadInput, Interrupted, KgError, NotFound
from kg_platform.platform import Platform
from kg_platform.progress import Progress, logged

_log = logging.getLogger(__name__)


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
    `again`, all. `by`: of which vectors, as `kg similar --by`; without it, of all that entities
    have.

    Raises:
        NotFound: there is no such run, or it has no such vectors. BadInput: no such method, or no
            entity has a vector of those in `by`. Interrupted: a person stopped it.
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
    return MapJob(platform, logged(on_progress), artifact).run(wanted, method, bool(by))


def maps_of_new_run(platform: Platform, run: str, report: Progress | None) -> str | None:
    """The maps of a run that was just trained. Vectors are worth more than their picture: where
    they cannot be made, that is what comes back, for a note.

    Raises:
        Interrupted: a person stopped it.
    """
    try:
        make_maps(platform, run, on_progress=report)
    except Interrupted:
        raise
    except Exception as error:
        _log.exception("The maps could not be made")
        said = str(error) if isinstance(error, KgError) else type(error).__name__
        return f"The maps could not be made ({said}); `kg map {run}` tries again."
    return None


class MapJob(Job):
    """A run of the ledger, a step a map."""

    KIND = "map"

    def __init__(self, platform: Platform, report: Progress, artifact: Artifact) -> None:
        super().__init__(platform, report)
        self.artifact = artifact

    def run(self, vectors: Sequence[str], method: str, named: bool) -> list[MapSummary]:
        """`named`: a person named these vectors, and hears of it where no entity has one."""
        run = self.artifact.folder.name
        settings = {"run": run, "vectors": list(vectors), "method": method}
        made = []
        with self.running(settings):
            maker = MapMaker(self.artifact, EntityColumns(self.platform.graph), self._said)
            for place, name in enumerate(vectors):
                self.report("maps", place, len(vectors))
                with self.step(f"map {name}") as details:
                    try:
                        mapped = maker.make(name, method)
                    except BadInput:
                        if named:
                            raise
                        continue
                    save(self.artifact.folder, mapped)
                    summary = summary_of(mapped)
                    details.update(vars(summary))
                made.append(summary)
            self.report("maps", len(vectors), len(vectors))
        self.succeeded({"maps": len(made)})
        return made

    def when_stopped(self) -> str:
        run = self.artifact.folder.name
        return f"The maps of run {run} were stopped; `kg map {run}` makes those that are missing."

    def _said(self, what: str) -> None:
        self.report(f"map: {what}", 0, None)
        _log.info("map: %s", what)


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
