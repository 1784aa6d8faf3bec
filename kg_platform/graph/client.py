"""Neo4j: sessions, retries, batched writes, streamed reads. The only importer of the driver."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from kg_platform.cypher.statement import Statement
from kg_platform.cypher.vocabulary import Vocabulary
from kg_platform.errors import KgError, QueryFailed, SettingsError
from kg_platform.graph.adoption import GraphAdoption
from kg_platform.graph.driver import neo4j
from kg_platform.graph.errors import as_written, translate
from kg_platform.graph.plain import plain, row
from kg_platform.graph.statements import Counters as Counters
from kg_platform.graph.statements import OneTransaction
from kg_platform.graph.statements import Rows as Rows
from kg_platform.graph.statements import Run as Run
from kg_platform.graph.values import PlanStep, Table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

T = TypeVar("T")

# A server that restarts needs 6-20 s; managed transactions are retried a little longer than that.
COMMITS = 3  # tries, where connections are lost while transactions are committed
RETRY_SECONDS = 60.0
# What is retried is no news to a person; what is not retried is raised.
logging.getLogger("neo4j").setLevel(logging.ERROR)
CONNECT_SECONDS = 10.0
EXPLAIN = "EXPLAIN "
MARK = "kg_mark"  # of a transaction's metadata: by it one is found again, and stopped
STOP = (
    f"SHOW TRANSACTIONS YIELD transactionId AS id, metaData AS data WHERE data.{MARK} = $mark "
    "TERMINATE TRANSACTIONS id YIELD message RETURN message"
)
SCHEMES = tuple(f"{kind}{trust}://" for kind in ("bolt", "neo4j") for trust in ("", "+s", "+ssc"))


@dataclass(frozen=True)
class Connection:
    """Where a Neo4j is and who we are there."""

    uri: str
    username: str
    password: str = field(repr=False)
    database: str = "neo4j"


class Graph:
    """One Neo4j database. Thread-safe; sessions are opened per call.

    Statements are sent in the graph's `vocabulary`, which whoever opens it sets (`speak`); what
    people wrote (`table`, `plan`, `profile`, `query_type`) is sent as it is. Raises errors of
    `kg_platform.errors` only; the driver's own never leave this module.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.speak(None)
        with self._errors():
            self._driver = _driver(connection)
            self._info = _first_answer(self._driver)

    def speak(self, adoption: GraphAdoption | None) -> None:
        """Send statements as a graph takes them that was adopted so, or not at all."""
        self.adoption = adoption
        self.vocabulary = Vocabulary(adoption.prefix if adoption else "")

    def close(self) -> None:
        self._driver.close()

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def server_version(self) -> tuple[int, ...]:
        """The server's version, e.g. (2026, 8, 1) or (5, 26, 30)."""
        agent = str(self._info.agent).rpartition("/")[2]
        return tuple(
            int(part) for part in agent.split("-")[0].split("+")[0].split(".") if part.isdigit()
        )

    def read(self, statement: Statement) -> list[dict[str, Any]]:
        """All rows of a reading statement, in one retried transaction."""
        with self._errors(), self._session(neo4j.READ_ACCESS) as session:
            return session.execute_read(lambda tx: [row(r) for r in tx.run(*self._sent(statement))])

    def stream(
        self, statement: Statement, fetch_size: int = 5_000, *, written_by_people: bool = False
    ) -> Generator[dict[str, Any], None, None]:
        """Rows one by one from one reading transaction; memory stays at `fetch_size` rows. What
        people wrote is sent as it is."""
        sent = self._sent(statement) if not written_by_people else (
            _query(statement.text), dict(statement.parameters)
        )  # fmt: skip
        with (
            self._errors(),
            self._session(neo4j.READ_ACCESS, fetch_size=fetch_size) as session,
            session.begin_transaction() as tx,
        ):
            for record in tx.run(*sent):
                yield row(record)

    def write(self, statement: Statement) -> Counters:
        """Run a writing statement in one retried transaction. It must be idempotent."""
        with self._errors(), self._session(neo4j.WRITE_ACCESS) as session:
            return _written(session, *self._sent(statement))

    def once(self, statement: Statement) -> Rows:
        """All rows of a statement, which is not tried again: for what soon is out of date."""
        with self._errors(), self._session(neo4j.WRITE_ACCESS) as session:
            answer = session.run(*self._sent(statement))
            return [dict(record) for record in answer]

    def transact(self, work: Callable[[Run], T]) -> T:
        """What `work` returns; it reads and writes in one retried transaction: all or nothing.

        It gets a function that runs a statement and returns its rows. It may be called again, so it
        must change nothing but the graph.
        """
        with self._errors(), self._session(neo4j.WRITE_ACCESS) as session:

            def once(tx: neo4j.ManagedTransaction) -> T:
                def run(statement: Statement) -> Rows:
                    answer = tx.run(*self._sent(statement))
                    return [row(record) for record in answer]

                return work(run)

            return session.execute_write(once)

    def within(self, work: Callable[[OneTransaction], T]) -> T:
        """What `work` returns; it runs statements of one retried transaction, as `transact` says.
        An error that a statement raised is raised here, whatever `work` made of it."""
        with self._errors(), self._session(neo4j.WRITE_ACCESS) as session:

            def once(tx: neo4j.ManagedTransaction) -> T:
                def send(statement: Statement) -> tuple[Rows, Counters]:
                    answer = tx.run(*self._sent(statement))
                    rows = [row(record) for record in answer]
                    return rows, _counters(answer.consume())

                return work(OneTransaction(send))

            return session.execute_write(once)

    def write_rows(
        self,
        text: str,
        rows: Iterable[Mapping[str, Any]],
        batch_rows: int,
        parameters: Mapping[str, Any] | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> Counters:
        """Run `text`, which begins with `UNWIND $rows AS row`, once a batch of `batch_rows` rows.

        Each batch is one retried transaction; `on_batch(n)` is called after n rows were committed.
        """
        total = Counters()
        source = iter(rows)
        with self._errors(), self._session(neo4j.WRITE_ACCESS) as session:
            while batch := list(islice(source, batch_rows)):
                given = Statement(text, {**(parameters or {}), "rows": batch})
                total += _written(session, *self._sent(given))
                if on_batch is not None:
                    on_batch(len(batch))
        return total

    def run_schema(self, text: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement outside a managed transaction: schema, `CALL {} IN TRANSACTIONS`."""
        with self._errors(), self._session(neo4j.WRITE_ACCESS) as session:
            session.run(*self._sent(Statement(text, parameters or {}))).consume()

    def vectors(self, rows: npt.NDArray[np.float32]) -> list[Any]:
        """Rows (n, d) as parameters for `db.create.setNodeVectorProperty`.

        Servers that speak Bolt 6 take packed 32-bit vectors, three times faster than lists.
        """
        if self._info.protocol_version >= (6, 0):
            import numpy as np

            packed = np.ascontiguousarray(rows, dtype=">f4")
            from_bytes, kind = neo4j.vector.Vector.from_bytes, neo4j.vector.VectorDType.F32
            return [from_bytes(row.tobytes(), kind) for row in packed]
        return list(rows.tolist())

    def query_type(self, statement: Statement) -> str:
        """'r', 'w', 'rw' or 's' (schema), as EXPLAIN says, without running the statement."""
        return str(self._explain(statement).query_type)

    def plan(self, statement: Statement) -> PlanStep:
        """How the statement would be run, without running it."""
        return _step(self._explain(statement).plan or {})

    def plan_operators(self, statement: Statement) -> list[tuple[str, dict[str, Any]]]:
        """(operator, arguments) of every step of the plan, without running the statement."""
        found: list[tuple[str, dict[str, Any]]] = []
        pending = [self.plan(statement)]
        while pending:
            step = pending.pop()
            found.append((step.operator, dict(step.arguments)))
            pending.extend(step.children)
        return found

    def profile(self, statement: Statement, timeout: float, mark: str = "") -> PlanStep:
        """How a statement that begins with PROFILE ran, in READ mode, in `timeout` seconds at most;
        its rows are left out. `stop(mark)` ends it."""
        with (
            self._errors(),
            self._session(neo4j.READ_ACCESS) as session,
            session.begin_transaction(timeout=timeout, metadata=_marked(mark)) as tx,
        ):
            result = tx.run(_query(statement.text), dict(statement.parameters))
            for _ in result:  # all of them: a plan is of what was asked for
                pass
            return _step(result.consume().profile or {})

    def table(
        self,
        statement: Statement,
        *,
        timeout: float,
        max_rows: int,
        max_bytes: int,
        mark: str = "",
    ) -> Table:
        """Run a statement in READ mode, for at most `timeout` seconds, and cap its answer.
        `stop(mark)` ends it."""
        rows: list[list[Any]] = []
        size = 0
        with (
            self._errors(),
            self._session(neo4j.READ_ACCESS, fetch_size=200) as session,
            session.begin_transaction(timeout=timeout, metadata=_marked(mark)) as tx,
        ):
            result = tx.run(_query(statement.text), dict(statement.parameters))
            columns = list(result.keys())
            for record in result:
                values = [plain(value, self.vocabulary) for value in row(record).values()]
                size += len(json.dumps(values, default=str))
                if len(rows) >= max_rows or size > max_bytes:
                    return Table(columns, rows, truncated=True)
                rows.append(values)
        return Table(columns, rows, truncated=False)

    def stop(self, mark: str) -> int:
        """End the transactions that run with this mark, on the server; gives how many there were.
        One that is not there yet, or any more, is none."""
        with self._errors(), self._session(neo4j.READ_ACCESS) as session:
            return len(list(session.run(STOP, mark=mark)))

    def _explain(self, statement: Statement) -> neo4j.ResultSummary:
        text = _query(EXPLAIN + statement.text)
        try:
            with self._errors(), self._session(neo4j.READ_ACCESS) as session:
                return session.run(text, dict(statement.parameters)).consume()
        except QueryFailed as error:
            raise QueryFailed(as_written(str(error), EXPLAIN)) from error

    def _sent(self, statement: Statement) -> tuple[Any, dict[str, Any]]:
        """Text and parameters of one of our statements as this graph takes them."""
        text, given = statement
        return self.vocabulary.text(text), self.vocabulary.parameters(text, given)

    def _session(self, access: str, **options: Any) -> neo4j.Session:
        return self._driver.session(
            database=self.connection.database, default_access_mode=access, **options
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with _translated(self.connection.uri):
            yield


def ping(connection: Connection, timeout: float = CONNECT_SECONDS) -> None:
    """Ask the server for a row within `timeout` seconds.

    Raises:
        GraphUnavailable: nobody answers. GraphAuthError: the user or password is wrong.
    """
    with (
        _translated(connection.uri),
        _driver(connection, timeout) as driver,
        driver.session(database=connection.database) as session,
    ):
        session.run("RETURN 1").consume()


def change_initial_password(connection: Connection, new_password: str) -> None:
    """Replace the password that a new server makes everybody change before anything else."""
    with (
        _translated(connection.uri),
        _driver(connection) as driver,
        driver.session(database="system") as session,
    ):
        session.run(
            "ALTER CURRENT USER SET PASSWORD FROM $old TO $new",
            old=connection.password,
            new=new_password,
        ).consume()


@contextmanager
def _translated(uri: str) -> Iterator[None]:
    try:
        yield
    except KgError:
        raise
    except (
        neo4j.exceptions.Neo4jError,
        neo4j.exceptions.DriverError,
        ValueError,
        OSError,
    ) as error:
        # A ValueError or OSError counts only when the driver raised it: a bad URI, a lost socket.
        if isinstance(error, ValueError | OSError) and not _from_driver(error):
            raise
        raise translate(error, uri) from error


def _from_driver(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith(
        "neo4j."
    )


def _driver(connection: Connection, timeout: float = CONNECT_SECONDS) -> neo4j.Driver:
    # The driver also knows http(s), which lacks transactions and needs a package that is not there.
    if not connection.uri.startswith(SCHEMES):
        raise SettingsError(
            f"KG_NEO4J_URI {connection.uri} cannot be used; "
            "write it like bolt://host:7687 or neo4j://host:7687."
        )
    return neo4j.GraphDatabase.driver(
        connection.uri,
        auth=(connection.username, connection.password),
        connection_timeout=timeout,
        connection_acquisition_timeout=RETRY_SECONDS,
        max_transaction_retry_time=RETRY_SECONDS,
        keep_alive=True,
        user_agent="kg-platform",
        notifications_min_severity="OFF",
    )


def _first_answer(driver: neo4j.Driver) -> neo4j.ServerInfo:
    try:
        driver.verify_connectivity()
        return driver.get_server_info()
    except BaseException:
        driver.close()
        raise


def _counted(tx: neo4j.ManagedTransaction, text: Any, parameters: dict[str, Any]) -> Counters:
    return _counters(tx.run(text, parameters).consume())


def _counters(summary: neo4j.ResultSummary) -> Counters:
    counters = summary.counters
    return Counters(*(getattr(counters, f.name) for f in fields(Counters)))


def _written(session: neo4j.Session, text: Any, parameters: dict[str, Any]) -> Counters:
    """A statement that may be done twice: again where nobody knows whether it was committed."""
    for _ in range(COMMITS - 1):
        try:
            return session.execute_write(_counted, text, parameters)
        except neo4j.exceptions.IncompleteCommit:
            continue
    return session.execute_write(_counted, text, parameters)


def _step(plan: Mapping[str, Any]) -> PlanStep:
    return PlanStep(
        str(plan.get("operatorType", "")),
        plan.get("args", {}),
        tuple(_step(child) for child in plan.get("children", ())),
    )


def _marked(mark: str) -> dict[str, Any] | None:
    return {MARK: mark} if mark else None


def _query(text: str) -> Any:
    # The driver's type asks for a literal string; ours are built from quoted names only.
    return text
