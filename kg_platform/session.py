"""What a program may ask of a platform that needs nothing learnt; the other packages add theirs.

`ingest/session.py` loads, `embeddings/session.py` asks and makes vectors, and `ui/session.py` is
all of them: what `connect()` gives. The command line and the explorer call the same methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from kg_platform.errors import BadInput, NotFound
from kg_platform.results import Results

if TYPE_CHECKING:  # each is loaded when it is asked for: a short question has a short answer
    from kg_platform.browse.entities import EntityPage, EntityRow
    from kg_platform.browse.history import Event
    from kg_platform.browse.media import Alike, StoredMedium
    from kg_platform.browse.neighbourhood import Neighbourhood
    from kg_platform.browse.paths import ShortestPaths
    from kg_platform.browse.status import Status
    from kg_platform.curation.media_check import MediaChecked
    from kg_platform.graph.client import Graph
    from kg_platform.ledger.ledger import Ledger
    from kg_platform.ledger.media_failures import FailureRow
    from kg_platform.ledger.rows import RunRow
    from kg_platform.ledger.saved_queries import SavedQuery
    from kg_platform.platform import Platform
    from kg_platform.progress import Progress
    from kg_platform.records import Rejection
    from kg_platform.settings import Settings


KINDS = (
    "ingest",
    "match",
    "extract",
    "embed",
    "embed-new",
    "watch",
    "publish",
    "rollback",
    "tune",
    "reproduce",
    "undo",
    "fuse",
)


def words(what: str, value: object) -> str:
    """The value, which must be a text. Raises: BadInput: it is not."""
    if not isinstance(value, str):
        raise BadInput(f"Give {what} as a text, not {value!r}.")
    try:
        value.encode()
    except UnicodeEncodeError as error:  # bytes of a terminal that are not UTF-8, for one
        raise BadInput(f"{value!r} is not UTF-8 text; type {what} as such.") from error
    return value


def number(what: str, value: object, least: int = 1) -> int:
    """The value, which must be a whole number. Raises: BadInput: it is not, or too small."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise BadInput(f"Give {what} as a whole number from {least} on, not {value!r}.")
    return value


class Session:
    """An open platform. Stores are opened when they are first asked, and closed together.

    Every method raises a `KgError` whose text says what to do.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    @classmethod
    def open(cls, settings: Settings | None = None) -> Self:
        """A session with these settings; without any, with those of the environment."""
        from kg_platform.platform import Platform
        from kg_platform.settings import load

        return cls(Platform.open(settings or load()))

    @property
    def settings(self) -> Settings:
        return self.platform.settings

    @property
    def graph(self) -> Graph:
        """The graph itself, for what has no method here. Opening it may start the local Neo4j."""
        return self.platform.graph

    @property
    def ledger(self) -> Ledger:
        return self.platform.ledger

    # ---- ask the graph

    def resolve(self, entity: str | EntityRow) -> EntityRow:
        """The entity with this id, or else the only one with this label; or the row as it is.

        Raises:
            BadInput: several have this label. NotFound: none has this id or label.
        """
        from kg_platform.browse.entities import EntityRow, resolve

        if isinstance(entity, EntityRow):
            return entity
        name = words("an entity's id or label", entity)
        return resolve(self.graph, name)

    def show(self, entity: str, facts: int = 50) -> EntityPage:
        """Everything the graph says about one entity, with at most so many of its facts."""
        from kg_platform.browse import entities

        number("facts", facts, least=0)
        return entities.entity(self.graph, self.resolve(entity).id, facts)

    def history_of(self, entity: str) -> list[Event]:
        """What became of one entity (id or label): what sources said, merges, reviews, vectors; the
        newest first."""
        from kg_platform.browse.history import history

        return history(self.graph, self.ledger, self.resolve(entity).id)

    def neighbourhood(
        self, *entities: str | EntityRow, limit: int = 100, without: Sequence[str] = ()
    ) -> Neighbourhood:
        """Entities (ids or labels) with up to `limit` of their facts each, a fair share of each
        relation, and all facts between what is found; relations `without` are left out.

        Raises:
            BadInput: several have this label. NotFound: none has this id or label.
        """
        from kg_platform.browse.neighbourhood import neighbourhood

        number("limit", limit)
        ids = [self.resolve(one).id for one in entities]
        return neighbourhood(self.graph, ids, limit=limit, without_relations=without)

    def paths(
        self,
        one: str | EntityRow,
        other: str | EntityRow,
        *,
        steps: int = 4,
        limit: int = 50,
        relations: Sequence[str] | None = None,
    ) -> ShortestPaths:
        """All shortest paths between two entities (ids or labels), of up to `steps` facts, over any
        relations or these.

        Raises:
            NotFound: there is no such entity. BadInput: the two are one, or it is out of range.
        """
        from kg_platform.browse.paths import shortest_paths

        number("steps", steps)
        number("limit", limit)
        ends = [self.resolve(end).id for end in (one, other)]
        return shortest_paths(
            self.graph,
            ends[0],
            ends[1],
            steps=steps,
            limit=limit,
            relations=relations,
            seconds=self.settings.query_timeout,
        )

    def media(
        self, kind: str | None = None, k: int = 100, after: str = ""
    ) -> Results[StoredMedium]:
        """Media that are stored, by id, behind `after`; of one kind (image, audio, video)."""
        from kg_platform.browse.media import StoredMedium, listed

        number("k", k)
        return Results(listed(self.graph, kind, k, words("an id", after)), StoredMedium)

    def medium(self, id: str) -> dict[str, Any]:
        """A medium by the first signs of its id: its properties, `state` (stored, or missing where
        the store has no bytes of it), and the `entities` that refer to it.

        Raises:
            BadInput: this is no id, or several begin so. NotFound: none does.
        """
        from kg_platform.browse.media import one

        found = one(self.graph, words("an id", id))
        there = self.platform.media.exists(str(found["id"]))
        return {"state": "stored" if there else "missing", **found}

    def media_failures(
        self, source: str | None = None, *, gone: bool | None = None, limit: int | None = None
    ) -> list[FailureRow]:
        """Media that could not be had; `gone`: only those of which nothing is left, or only the
        others."""
        return self.ledger.media_failures.rows(source, gone=gone, limit=limit)

    def media_counts(self) -> dict[str, int]:
        """How many media there are, by state: stored, failed, gone."""
        from kg_platform.browse.media import counts

        stored = sum(counts(self.graph).values())
        return {"stored": stored, **self.ledger.media_failures.counts()}

    def alike_media(self, distance: int = 4) -> Results[Alike]:
        """Pairs of media that look alike: of a hash of 64 bits at most so many differ.

        Raises:
            BadInput: the distance is none.
        """
        from kg_platform.browse.media import Alike, duplicates

        return Results(duplicates(self.graph, distance), Alike)

    def check_media(
        self, *, discard: bool = False, on_progress: Progress | None = None
    ) -> MediaChecked:
        """Read the bytes of all media again: which are missing in the store, or are others. With
        `discard`, those that are others are removed."""
        from kg_platform.curation.media_check import check

        return check(self.platform, discard=discard, on_progress=on_progress)

    def find(
        self, text: str, k: int = 20, *, type: str | None = None, offset: int = 0
    ) -> Results[EntityRow]:
        """Entities that these words name or describe, best first."""
        from kg_platform.browse.entities import EntityRow, find

        words("words to look for", text)
        number("k", k)
        number("offset", offset, least=0)
        found = find(self.graph, text, type, k, offset)
        if not found:
            self.check_type(type)
        return Results(found, EntityRow)

    def check_type(self, type: str | None) -> None:
        """For an empty answer. Raises: NotFound: no entity has this type at all."""
        from kg_platform.browse.types import check_type

        check_type(self.graph, type)

    def query(
        self, cypher: str, parameters: Mapping[str, Any] | None = None
    ) -> Results[dict[str, Any]]:
        """The answer of Cypher that only reads, under the limits of the KG_QUERY_* settings.

        Raises:
            QueryRefused: it does more than read. QueryFailed: Neo4j cannot run it.
        """
        from kg_platform.browse.parameters import check
        from kg_platform.browse.read_only import run_read_only

        words("Cypher", cypher)
        if parameters is not None and not isinstance(parameters, Mapping):
            raise BadInput(f"Give parameters by name, as {{'id': 'JPN'}}, not {parameters!r}.")
        check(parameters or {})
        table = run_read_only(self.graph, cypher, self.settings, parameters)
        rows = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
        return Results(rows, columns=table.columns, truncated=table.truncated)

    def saved_queries(self) -> Results[SavedQuery]:
        """The queries that people saved, by name."""
        from kg_platform.ledger.saved_queries import SavedQuery

        return Results(self.ledger.saved_queries.rows(), SavedQuery)

    def saved_query(self, name: str) -> SavedQuery:
        """The query saved under this name.

        Raises:
            NotFound: there is none.
        """
        return self.ledger.saved_queries.get(words("a query's name", name))

    def query_saved(
        self, name: str, parameters: Mapping[str, Any] | None = None
    ) -> Results[dict[str, Any]]:
        """The answer of the query saved under this name; parameters go before those saved with it.

        Raises:
            NotFound: there is none. QueryRefused, QueryFailed: as for `query`.
        """
        from kg_platform.browse.parameters import values

        saved = self.saved_query(name)
        return self.query(saved.text, {**values(saved.given), **(parameters or {})})

    def save_query(
        self,
        name: str,
        cypher: str,
        *,
        note: str = "",
        given: Mapping[str, str] | None = None,
        owner: str | None = None,
    ) -> SavedQuery:
        """Keep a query that only reads under a name, for everybody to run. `given` are values of
        its $parameters to begin with, as they are typed; `owner` is who you are.

        Raises:
            QueryRefused: its words are none of a query that only reads.
            BadInput: the name is none, or the query of this name is somebody else's.
        """
        from kg_platform.browse.parameters import values
        from kg_platform.browse.read_only import check_words
        from kg_platform.people import who

        check_words(words("Cypher", cypher))
        values(given or {})
        owner = owner or who(self.settings)
        name = words("a query's name", name)
        return self.ledger.saved_queries.save(name, cypher, owner, note=note, given=given)

    def remove_query(self, name: str, *, owner: str | None = None) -> None:
        """Forget a saved query of `owner`, who is you.

        Raises:
            NotFound: there is none. BadInput: it is somebody else's.
        """
        from kg_platform.people import who

        name = words("a query's name", name)
        self.ledger.saved_queries.remove(name, owner or who(self.settings))

    def status(self) -> Status:
        """What is embedded, stale and missing."""
        from kg_platform.browse.status import status

        return status(self.graph)

    # ---- ask what was done

    def runs(self, kind: str | None = None, limit: int = 20) -> Results[RunRow]:
        """The latest runs, newest first; `kind` is one of `KINDS`.

        Raises:
            BadInput: there is no such kind.
        """
        from kg_platform.ledger.rows import RunRow

        if kind not in (None, *KINDS):
            raise BadInput(f"There are no runs of kind {kind!r}; the kinds are {', '.join(KINDS)}.")
        number("limit", limit)
        return Results(self.ledger.runs(kind, limit), RunRow)

    def run(self, run: str) -> RunRow:
        """One run: settings, figures, steps.

        Raises:
            NotFound: there is none with this id.
        """
        name = words("a run's id", run)
        return self.ledger.run(name)

    def rejections(
        self, run: str | None = None, limit: int = 100, offset: int = 0
    ) -> Results[Rejection]:
        """Rows that a run, or the latest ingest, did not load; `total` says how many there are.

        Raises:
            NotFound: there is no such run, or nothing was ingested yet.
        """
        from kg_platform.records import Rejection

        number("limit", limit)
        number("offset", offset, least=0)
        chosen = self.run(run or self.latest_ingest()).id
        found = self.ledger.rejections(chosen, limit, offset)
        return Results(found, Rejection, total=self.ledger.count_rejections(chosen))

    def latest_ingest(self) -> str:
        """The run of the latest ingest.

        Raises:
            NotFound: nothing was ingested yet.
        """
        latest = self.ledger.runs("ingest", 1)
        if not latest:
            raise NotFound("Nothing has been ingested yet; `kg ingest PATH` does it.")
        return latest[0].id

    # ---- end

    def close(self) -> None:
        """Close what was opened; the local server goes on running."""
        self.platform.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
