"""What a pair's probability is made of: each comparison, its level, its weight in bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.resolution.matching.scoring import ScoreModel, linker_of, log_odds, probability_of
from ingest.resolution.matching.staging import StagedTable
from ingest.resolution.matching.store import MatchStore

_AT_ONCE = 20_000  # pairs


@dataclass(frozen=True)
class PairWeights:
    """(comparison, level, bits) in the order of the rules; the bits of the prior, of all together,
    and what probability that is."""

    comparisons: tuple[tuple[str, str, float], ...]
    prior: float
    total: float
    probability: float

    def lines(self) -> list[list[str]]:
        """For people: (what, words), the heaviest first."""
        order = sorted(self.comparisons, key=lambda one: -abs(one[2]))
        told = [[name, f"{level} ({bits:+.1f} bits)"] for name, level, bits in order]
        told.append(["prior", f"of all pairs so many are one ({self.prior:+.1f} bits)"])
        told.append(["sum", f"{self.total:+.1f} bits"])
        return told


def keep_frequencies(store: MatchStore, table: StagedTable, model: ScoreModel) -> None:
    """How frequent each value is that counts for less where it is frequent: a table a column."""
    for column in model.frequent:
        store.run(
            f"CREATE OR REPLACE TABLE tf_of_{column} AS SELECT {column}, count(*) / "
            f"(SELECT count({column}) FROM {table.name})::DOUBLE AS tf_{column} "
            f"FROM {table.name} WHERE {column} IS NOT NULL GROUP BY {column}"
        )


def save_frequencies(
    store: MatchStore, table: StagedTable, model: ScoreModel, folder: Path, name: str
) -> None:
    """Into files, for a report later: of values that two entities have, and that of one."""
    from pyarrow import parquet

    for column in model.frequent:
        tf = f"tf_{column}"
        ((known,),) = store.rows(f"SELECT count({column}) FROM {table.name}")
        rows = store.arrow(f"SELECT * FROM tf_of_{column} WHERE {tf} * {known} > 1.5")
        rows = rows.replace_schema_metadata({"least": repr(1 / max(1, known))})
        parquet.write_table(rows, folder / f"{name}-{column}.parquet")


def load_frequencies(
    store: MatchStore, table: StagedTable, model: ScoreModel, folder: Path, name: str
) -> None:
    """Those of files, and of this table's values that stand in none."""
    from pyarrow import parquet

    for column in model.frequent:
        rows = parquet.read_table(folder / f"{name}-{column}.parquet")
        least = float((rows.schema.metadata or {}).get(b"least", b"1.0"))
        store.run(f"DROP TABLE IF EXISTS tf_of_{column}")
        store.append(f"tf_of_{column}", rows)
        store.run(
            f"INSERT INTO tf_of_{column} SELECT DISTINCT {column}, {least} FROM {table.name} "
            f"WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT {column} FROM tf_of_{column})"
        )


def weights_of(
    store: MatchStore, table: StagedTable, model: ScoreModel, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], PairWeights]:
    """The weights of these pairs, which stand in the table; frequencies are kept before."""
    given = list(pairs)
    found: dict[tuple[str, str], PairWeights] = {}
    for start in range(0, len(given), _AT_ONCE):
        found.update(_some(store, table, model, given[start : start + _AT_ONCE]))
    return found


def _some(
    store: MatchStore,
    table: StagedTable,
    model: ScoreModel,
    pairs: Sequence[tuple[str, str]],
) -> dict[tuple[str, str], PairWeights]:
    import pyarrow as pa

    ends = [end for pair in pairs for end in pair]
    numbers = [i for i in range(len(pairs)) for _ in range(2)]
    store.run("DROP TABLE IF EXISTS asked")
    store.append("asked", pa.table({"uid": pa.array(ends, pa.string()), "pair": numbers}))
    store.run(
        f"CREATE OR REPLACE TABLE asked_rows AS SELECT a.*, b.pairs FROM {table.name} a "
        "JOIN (SELECT uid, list(pair) AS pairs FROM asked GROUP BY uid) b USING (uid)"
    )
    block = {
        "blocking_rule": "l.pairs = r.pairs",
        "arrays_to_explode": ["pairs"],
        "sql_dialect": "duckdb",
    }
    settings = {
        **model.settings,
        "blocking_rules_to_generate_predictions": [block],
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
        "additional_columns_to_retain": ["uid"],
    }
    linker = linker_of(store, "asked_rows", settings)
    for column in model.frequent:
        lookup = linker._db_api.register(
            f"tf_of_{column}", dataset_display_name=f"lookup_of_{column}"
        )
        linker.table_management.register_term_frequency_lookup(lookup, column)
    answer = linker.inference.predict(warning_mode="never")
    wanted = ["uid_l", "uid_r"]
    for i, comparison in enumerate(model.settings["comparisons"]):
        adjusted = any(one.get("tf_adjustment_column") for one in comparison["comparison_levels"])
        wanted.append(f"gamma_x{i}")
        wanted.append(f"mw_x{i} + mw_tf_adj_x{i} AS w{i}" if adjusted else f"mw_x{i} AS w{i}")
    rows = store.arrow(f"SELECT {', '.join(wanted)} FROM {answer.physical_name}").to_pylist()
    answer.drop_table_from_database_and_remove_from_cache()
    found = {}
    for row in rows:
        one, other = sorted((row["uid_l"], row["uid_r"]))
        found[one, other] = _weights(row, model)
    return found


def _weights(row: Mapping[str, Any], model: ScoreModel) -> PairWeights:
    told = []
    for i, (name, comparison) in enumerate(
        zip(model.names, model.settings["comparisons"], strict=True)
    ):
        levels = [one for one in comparison["comparison_levels"] if not one.get("is_null_level")]
        gamma = int(row[f"gamma_x{i}"])
        label = "not known" if gamma < 0 else levels[len(levels) - 1 - gamma]["label_for_charts"]
        told.append((name, "different" if label == "else" else label, float(row[f"w{i}"])))
    prior = log_odds(model.prior)
    total = prior + sum(bits for _, _, bits in told)
    return PairWeights(tuple(told), prior, total, probability_of(total))
