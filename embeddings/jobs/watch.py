"""`kg watch`: entities that change get vectors as they change.

mark in the graph -> found by its index, every half a second -> read by id -> encode, fit -> write

Nothing is held while there is nothing to do: a full `kg embed` can run beside it. While a publish
stands half-way it waits, and goes on in the space of the run that is current then. Neo4j or the
media store going away is waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from embeddings.jobs.lock import only_one
from embeddings.publish.switch import half_way
from embeddings.refresh.live_space import Batch, LiveSpace
from embeddings.refresh.staleness import Scan, scan
from embeddings.refresh.world_drift import world_drift
from embeddings.refresh.write_fitted import Superseded
from kg_platform.browse.entities import current_run
from kg_platform.cypher import vectors as cypher
from kg_platform.cypher.statement import Statement
from kg_platform.errors import BadInput, Interrupted, KgError, NotFound, Unavailable
from kg_platform.graph.lease import GraphLease
from kg_platform.platform import Platform

KIND = "watch"
LIMIT = 64  # entities taken in at a time: others wait no longer than these take
SOON, LIVELY = 0.1, 5.0  # seconds between two looks for marks, for so long after the last change
NOTICE = 0.2  # seconds until a wait notices that it should end
PAUSE = 5.0  # seconds until a store that is away is asked again
COUNT_EVERY = 30.0  # seconds between two counts of what the run's node says of its entities

# What a person is told: on_event(sentence).
Event = Callable[[str], None]


@dataclass(frozen=True)
class WatchOptions:
    """`every` seconds the marks are asked for, and more often while changes come; every
    `scan_every` seconds (0: never) everything is looked at for changes that left none. `once`: end
    when nothing is left to do."""

    every: float = 0.5
    scan_every: float = 600.0
    once: bool = False


@dataclass(frozen=True)
class Watched:
    """What a watch did: entities by what became of them, texts that its encoder could not read,
    batches, and the runs it served."""

    fitted: int
    restored: int
    stand: int
    without: int
    unreadable: int
    batches: int
    runs: list[str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def watch(
    platform: Platform,
    options: WatchOptions | None = None,
    on_event: Event | None = None,
    stop: Callable[[], bool] | None = None,
) -> Watched:
    """Take in changes until `stop()` is true, which is asked between two batches, or `once` has
    nothing left. A KeyboardInterrupt ends it too, within a batch.

    Raises:
        NotFound: nothing is published, or the artifact of what is, is not on this machine.
        BadInput: another watch of this platform or graph is running, or an encoder has another
            revision.
    """
    with only_one(platform, KIND, writes=False) as lease:  # a Neo4j that is away is waited for
        tell = on_event or (lambda _: None)
        job = _Watch(platform, options or WatchOptions(), tell, stop, lease)
        return job.run()


class _Watch:
    def __init__(
        self,
        platform: Platform,
        options: WatchOptions,
        tell: Event,
        stop: Callable[[], bool] | None,
        lease: GraphLease,
    ) -> None:
        self._lease = lease
        self._platform, self._options, self._tell = platform, options, tell
        self._stop = stop or (lambda: False)
        self._space: LiveSpace | None = None
        self._done, self._batches, self._runs = Batch(), 0, list[str]()
        self._uncounted, self._counted_at = False, 0.0
        self._worked_at = -LIVELY
        self._scanned_at = time.monotonic()
        self._scanning: threading.Thread | None = None
        self._ending = False

    def run(self) -> Watched:
        ledger = self._platform.ledger
        run_id = ledger.start_run(KIND, asdict(self._options))
        try:
            self._loop()
        except KeyboardInterrupt:
            pass  # what was written is whole; this is how a watch ends
        except BaseException as error:
            said = str(error) or repr(error)
            ledger.finish_run(run_id, "failed", self._summary().as_dict(), said)
            raise
        finally:
            self._ending = True
            if self._scanning is not None:
                self._scanning.join(PAUSE)
        summary = self._summary()
        ledger.finish_run(run_id, "succeeded", summary.as_dict())
        return summary

    def _loop(self) -> None:
        while not self._stop():
            try:
                busy = self._step()
            except Superseded:
                self._space = None
                continue
            except Unavailable as error:
                self._tell(f"{error} Waiting for it.")
                self._wait(PAUSE)
                continue
            if not busy and self._options.once:
                break
            if not busy:
                self._wait(self._pause())
        try:
            self._count(last=True)
        except Unavailable as error:
            self._tell(f"{error} The run's own figures are not up to date; the next watch counts.")

    def _step(self) -> bool:
        """One batch; whether there may be more to do at once."""
        graph = self._platform.graph
        self._lease.ensure()  # at first, and after a time without Neo4j
        if half_way(graph) is not None:
            self._wait(max(self._options.every, 0.1))
            return True  # also `once` waits for its end
        run = current_run(graph)
        if self._space is None or run is None or run["id"] != self._space.run_id:
            self._load()
            return True
        self._scan_in_time()
        ids = self._space.marked(LIMIT)
        if not ids:
            self._count()
            return False
        begun = time.perf_counter()
        done = self._take_in(self._space, ids)
        self._done, self._batches, self._uncounted = self._done + done, self._batches + 1, True
        self._worked_at = time.monotonic()
        said = [f"{n:,} {what}" for n, what in zip(done.counts(), _SAID, strict=True) if n]
        self._tell(f"{', '.join(said) or 'nothing'} in {time.perf_counter() - begun:.2f} s")
        if done.unreadable:
            self._tell(self._space.unreadable_note(done.unreadable))
        return True

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stop() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, NOTICE))

    def _pause(self) -> float:
        """Seconds until marks are asked for again. A change is seldom alone; a graph in which
        nothing changes is left in peace."""
        lively = time.monotonic() - self._worked_at < LIVELY
        return min(SOON, self._options.every) if lively else self._options.every

    def _take_in(self, space: LiveSpace, ids: Sequence[str]) -> Batch:
        """A batch; if it cannot be done as one, each entity alone, so that the others are."""
        try:
            return space.take_in(ids)
        except Superseded:
            raise
        except BadInput:
            if len(ids) > 1:
                return sum((self._take_in(space, [each]) for each in ids), Batch())
        self._tell(f"{ids[0]} cannot be given a vector; it is left alone until it changes.")
        return space.leave(ids)

    def _load(self) -> None:
        self._tell("Loading the published run and looking at every entity ...")
        self._space = LiveSpace(self._platform)
        self._runs.append(self._space.run_id)
        self._scanned_at = time.monotonic()
        self._tell(f"Watching in the space of run {self._space.run_id}. {_found(self._space.scan)}")

    def _scan_in_time(self) -> None:
        """Look at everything now and then, beside the work; what is found is marked, and comes."""
        waited = time.monotonic() - self._scanned_at
        running = self._scanning is not None and self._scanning.is_alive()
        if running or not self._options.scan_every or waited < self._options.scan_every:
            return
        self._scanned_at = time.monotonic()
        # If Neo4j is away it ends with the process: it writes marks, and how far the world moved.
        self._scanning = threading.Thread(target=self._scan, daemon=True)
        self._scanning.start()

    def _scan(self) -> None:
        def go_on(rows: int) -> None:
            if self._ending:
                raise Interrupted("The watch has ended.")

        try:
            self._tell(_found(scan(self._platform, go_on)))
            self._measure(go_on)
        except Interrupted:
            pass
        except KgError as error:
            self._tell(f"Looking at every entity did not succeed: {error}")

    def _measure(self, go_on: Callable[[int], None]) -> None:
        """How far the facts that came contradict the space that they are fitted into."""
        try:
            found = world_drift(self._platform, go_on)
        except NotFound as error:
            self._tell(str(error))
            return
        if found.drift is not None:
            self._tell(
                f"{found.ranked:,} facts that arrived are ranked {found.drift:.1%} worse than "
                "those held out at the training."
            )

    def _count(self, last: bool = False) -> None:
        """What the (:EmbeddingRun) says of its entities: a scan, so not after each batch."""
        due = last or time.monotonic() - self._counted_at > COUNT_EVERY
        if self._uncounted and due and self._space is not None:
            statement = Statement(cypher.COUNT_ENTITIES_OF_RUN, {"id": self._space.run_id})
            self._platform.graph.write(statement)
            self._uncounted, self._counted_at = False, time.monotonic()

    def _summary(self) -> Watched:
        return Watched(*self._done.counts(), self._done.unreadable, self._batches, self._runs)


_SAID = (
    "got vectors",
    "got their trained vectors back",
    "need none",
    "have nothing to make one from",
)


def _found(done: Scan) -> str:
    marked = ", ".join(f"{count:,} {why}" for why, count in sorted(done.marked.items()))
    return f"Of {done.entities:,} entities, marked now: {marked or 'none'}."
