import pytest
from neo4j.exceptions import Neo4jError, ServiceUnavailable

from kg_platform.errors import (
    GraphAuthError,
    GraphFull,
    GraphReadOnly,
    GraphUnavailable,
    KgError,
    QueryFailed,
    SecondOfOne,
)
from kg_platform.graph.errors import translate

URI = "bolt://127.0.0.1:7687"


def from_server(code: str, message: str) -> Exception:
    return Neo4jError._hydrate_neo4j(code=code, message=message)


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (ServiceUnavailable("gone"), GraphUnavailable),
        (ConnectionResetError("reset"), GraphUnavailable),
        (from_server("Neo.ClientError.Security.Unauthorized", "no"), GraphAuthError),
        (from_server("Neo.ClientError.Security.AuthenticationRateLimit", "no"), GraphAuthError),
        (
            from_server("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", "no"),
            GraphReadOnly,
        ),
        (
            from_server(
                "Neo.DatabaseError.Transaction.TransactionCommitFailed", "No space left on device"
            ),
            GraphFull,
        ),
        (
            from_server("Neo.TransientError.General.MemoryPoolOutOfMemoryError", "limit"),
            GraphFull,
        ),
        (from_server("Neo.TransientError.Database.DatabaseUnavailable", "x"), GraphUnavailable),
        (from_server("Neo.ClientError.Cluster.NotALeader", "no"), GraphReadOnly),
        (
            from_server(
                "Neo.DatabaseError.General.UnknownError", "The database is in read-only mode"
            ),
            GraphReadOnly,
        ),
        (OSError("No space left on device"), GraphFull),
        (from_server("Neo.ClientError.Statement.SyntaxError", "Invalid"), QueryFailed),
        (
            from_server("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration", "x"),
            QueryFailed,
        ),
    ],
)
def test_every_kind_of_failure_is_one_sentence_of_ours(
    error: Exception, becomes: type[KgError]
) -> None:
    told = translate(error, URI)
    assert type(told) is becomes
    assert "\n" not in str(told)


WORDS = ("disk is full", "No space left on device", "read only", "read-only", "OutOfMemory")


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "Neo.ClientError.Statement.SyntaxError",
            "Invalid 'RETRUN' (line 1, column 1 (offset: 0))\n\"WITH '{}' AS x RETRUN x\"\n ^",
        ),
        ("Neo.ClientError.Statement.TypeError", "Cannot add 1 to {}"),
        ("Neo.ClientError.Schema.ConstraintValidationFailed", "Node has `label` = '{}' already"),
        ("Neo.DatabaseError.Statement.ExecutionFailed", 'It failed on "it\'s {}"'),
    ],
)
def test_what_a_person_wrote_is_not_taken_for_the_state_of_the_server(
    code: str, message: str, words: str
) -> None:
    expected = SecondOfOne if "ConstraintValidation" in code else QueryFailed
    assert type(translate(from_server(code, message.format(words)), URI)) is expected


def test_a_value_that_cannot_be_written_back_is_said() -> None:
    text = "Values of type <class 'neo4j._codec.hydration._common.BrokenHydrationObject'>"
    said = translate(ValueError(f"{text} are not supported"), URI)
    assert type(said) is QueryFailed
    assert "year before 1" in str(said)
    assert "nothing was changed" in str(said)
