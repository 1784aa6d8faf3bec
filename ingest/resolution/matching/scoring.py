"""How probable it is that two entities are one: Splink's model, trained on the user's own data.

The weight of what two entities agree in is log2(m / u): m is how often two that are one do, u how
often any two do. u is counted on random pairs. m comes from expectation and maximisation over
several sets of pairs, without a label. Fellegi and Sunter, "A theory for record linkage", 1969.

How many pairs are one at all (the prior) is what makes the sum of all pairs' probabilities agree
with itself, over everything that the blocks let through.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from splink import Linker, SettingsCreator
from splink.backends.duckdb import DuckDBAPI

from ingest.resolution.matching.staging import StagedTable
from ingest.resolution.matching.store import MatchStore

# Pairs less probable than this, before the prior is known, count for nothing.
FLOOR = 1e-5
PARTNERS = 4  # of an entity, at most, on average

Pairs = tuple[list[str], list[str], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class ScoreModel:
    """What was learnt of one type: Splink's settings, and what people are told of them."""

    settings: dict[str, Any]
    names: list[str]  # of its comparisons, in their order
    notes: list[str] = field(default_factory=list)
    trained_with: list[str] = field(default_factory=list)
    fitted: bool = False  # whether its prior is
    trusted: bool = True  # whether it has seen enough pairs that are one

    @property
    def prior(self) -> float:
        return float(self.settings["probability_two_random_records_match"])

    @property
    def frequent(self) -> list[str]:
        """Columns whose frequent values count for less."""
        levels = [one for c in self.settings["comparisons"] for one in c["comparison_levels"]]
        found = [one.get("tf_adjustment_column") for one in levels]
        return list(dict.fromkeys(one for one in found if one))

    def as_dict(self) -> dict[str, Any]:
        return {
            "settings": self.settings,
            "names": self.names,
            "notes": self.notes,
            "trained_with": self.trained_with,
            "fitted": self.fitted,
            "trusted": self.trusted,
        }


def score(
    store: MatchStore,
    table: StagedTable,
    model: ScoreModel,
    new: StagedTable | None = None,
) -> tuple[ScoreModel, Pairs]:
    """(ids, ids, probabilities) of pairs, each once; with `new`, a table of some of the entities,
    of those with any. The model comes back with its prior, which is fitted to all pairs where it
    was not before."""
    settings = _with(model.settings, retain_intermediate_calculation_columns=False)
    before = model.prior
    floor = math.log2(FLOOR)
    linker = linker_of(store, table.name, settings)
    if new is None:
        found = linker.inference.predict(threshold_match_weight=floor, warning_mode="never")
    else:
        for column in model.frequent:
            linker.table_management.compute_tf_table(column)
        api = linker._db_api
        left = api.register(table.name, dataset_display_name=f"{table.name}_left")
        right = api.register(new.name, dataset_display_name=f"{new.name}_right")
        found = linker.inference.predict_between(
            left, right, threshold_match_weight=floor, warning_mode="never"
        )
    rows = store.arrow(
        "SELECT a.uid AS one, b.uid AS other, max(p.match_weight) AS weight "
        f"FROM {found.physical_name} p JOIN {table.name} a ON a.n = least(p.n_l, p.n_r) "
        f"JOIN {table.name} b ON b.n = greatest(p.n_l, p.n_r) WHERE p.n_l <> p.n_r "
        "GROUP BY ALL ORDER BY weight DESC, one, other"
    )
    found.drop_table_from_database_and_remove_from_cache()
    weights = rows["weight"].to_numpy() - log_odds(before)
    prior = before
    if not model.fitted and new is None:
        prior = fitted_prior(weights, table.count)
    chances = probabilities(weights + log_odds(prior))
    settings = _with(model.settings, probability_two_random_records_match=prior)
    return replace(model, settings=settings, fitted=True), (
        rows["one"].to_pylist(),
        rows["other"].to_pylist(),
        chances,
    )


def fitted_prior(weights: npt.NDArray[np.float64], entities: int) -> float:
    """The probability that two random entities are one, with which the sum of the pairs'
    probabilities is that share of all pairs. `weights` (n) in bits, without a prior.

    It begins at `PARTNERS` an entity and goes down.
    """
    everything = entities * (entities - 1) / 2
    least = min(0.5, 0.5 / max(1.0, everything))
    prior = most = min(0.5, PARTNERS * entities / max(1.0, everything))
    for _ in range(200):
        total = float(probabilities(weights + log_odds(prior)).sum())
        after = min(most, max(least, total / max(1.0, everything)))
        if abs(after - prior) <= 1e-6 * prior:
            break
        prior = after
    return prior


def probabilities(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n,) log odds in bits -> (n,) probabilities."""
    found: npt.NDArray[np.float64] = 1 / (1 + np.exp2(-np.clip(weights, -500, 500)))
    return found


def log_odds(probability: float) -> float:
    """In bits."""
    return math.log2(probability / (1 - probability))


def probability_of(bits: float) -> float:
    """What log odds of so many bits are."""
    return float(probabilities(np.array([bits]))[0])


def _with(settings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**settings, **changes}


def linker_of(store: MatchStore, table: str, settings: SettingsCreator | dict[str, Any]) -> Linker:
    # It warns of every level that no pair has reached; smoothing gives those a weight.
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    api = DuckDBAPI(store.connection)
    rows = api.register(table, dataset_display_name=f"{table}_rows")
    return Linker(rows, settings, log_level=None)
