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
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from splink import Linker, SettingsCreator
from splink.backends.duckdb import DuckDBAPI

from ingest.resolution.matching.blocks import APART, MOST_PAIRS, BlockRule, block_rule, block_rules
from ingest.resolution.matching.levels import levels_of
from ingest.resolution.matching.rules import BlockTerm, MatchRules, PairComparison
from ingest.resolution.matching.smoothing import smoothed
from ingest.resolution.matching.staging import StagedTable
from ingest.resolution.matching.store import MatchStore
from kg_platform.errors import BadInput
from kg_platform.progress import Progress, silent

RANDOM_PAIRS = 2e6  # of which u is counted
TRAINED_PAIRS = 5e5  # that one training looks at
FEWEST_PAIRS = 30  # of a set that is trained with
TRAININGS = 6
# Pairs less probable than this, before the prior is known, count for nothing.
FLOOR = 1e-5
SEED = 1
PARTNERS = 4  # of an entity, at most, on average

Pairs = tuple[list[str], list[str], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class ScoreModel:
    """What was learnt of one type: Splink's settings, and what people are told of them."""

    settings: dict[str, Any]
    names: list[str]  # of its comparisons, in their order
    notes: list[str] = field(default_factory=list)
    trained_with: list[str] = field(default_factory=list)
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
            "trusted": self.trusted,
        }


def train(
    store: MatchStore, table: StagedTable, rules: MatchRules, report: Progress = silent
) -> ScoreModel | None:
    """Learn a model of these entities; None where nothing can be compared.

    Raises:
        BadInput: every block makes too many pairs.
    """
    notes: list[str] = []
    used, comparisons = _comparisons(store, table, rules, notes)
    blocks = _usable(block_rules(rules, table, store), notes)
    if not comparisons or not blocks or table.count < 2:
        return None
    apart = _condition(rules)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[*comparisons],
        blocking_rules_to_generate_predictions=[one.as_splink(apart) for one in blocks],
        probability_two_random_records_match=min(0.5, 1 / table.count),
        unique_id_column_name="n",
        retain_matching_columns=False,
        additional_columns_to_retain=[],
    )
    linker = linker_of(store, table.name, settings)
    report("count random pairs", 0, 1)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    report("count random pairs", 1, 1)
    chosen = _training_sets(store, table, used, blocks)
    for number, one in enumerate(chosen):
        report("train", number, len(chosen))
        many = TRAINED_PAIRS if one.pairs > TRAINED_PAIRS else None
        linker.training.estimate_parameters_using_expectation_maximisation(
            str(one.as_splink(apart)["blocking_rule"]),
            estimate_without_term_frequencies=True,
            max_pairs=many,
            record_sample_proportion=1.0 if table.count < 100_000 else 0.1,
        )
    report("train", len(chosen), len(chosen))
    learnt = linker.misc.save_model_to_json()
    for comparison in learnt["comparisons"]:
        comparison["comparison_levels"] = smoothed(comparison["comparison_levels"])
    names = [one.name for one in used]
    return ScoreModel(learnt, names, notes, [one.name for one in chosen])


def score(
    store: MatchStore,
    table: StagedTable,
    model: ScoreModel,
    new: StagedTable | None = None,
    fit_prior: bool = True,
) -> tuple[ScoreModel, Pairs]:
    """(ids, ids, probabilities) of pairs, each once; with `new`, a table of some of the entities,
    of those with any. The model comes back with its prior, which is fitted to all pairs."""
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
    if fit_prior and new is None:
        prior = fitted_prior(weights, table.count)
    probabilities = _probability(weights + log_odds(prior))
    settings = _with(model.settings, probability_two_random_records_match=prior)
    return replace(model, settings=settings), (
        rows["one"].to_pylist(),
        rows["other"].to_pylist(),
        probabilities,
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
        total = float(_probability(weights + log_odds(prior)).sum())
        after = min(most, max(least, total / max(1.0, everything)))
        if abs(after - prior) <= 1e-6 * prior:
            break
        prior = after
    return prior


def _probability(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = 1 / (1 + np.exp2(-np.clip(weights, -500, 500)))
    return found


def log_odds(probability: float) -> float:
    """In bits."""
    return math.log2(probability / (1 - probability))


def probability_of(bits: float) -> float:
    """What log odds of so many bits are."""
    return float(_probability(np.array([bits]))[0])


def _comparisons(
    store: MatchStore, table: StagedTable, rules: MatchRules, notes: list[str]
) -> tuple[list[PairComparison], list[dict[str, Any]]]:
    used: list[PairComparison] = []
    made: list[dict[str, Any]] = []
    for one in rules.compare:
        found = levels_of(one, len(made), table, store)
        if found is None:
            notes.append(f"{one.name} is left out: no two of these entities differ in it")
        else:
            used.append(one)
            made.append(found)
    return used, made


def _usable(blocks: Sequence[BlockRule], notes: list[str]) -> list[BlockRule]:
    """Those that do not make too many pairs. Raises: BadInput: all do."""
    kept = [one for one in blocks if one.pairs <= MOST_PAIRS]
    for one in blocks:
        if one.pairs > MOST_PAIRS:
            notes.append(
                f"block [{one.name}] is left out: it makes {one.pairs:,} pairs, more than "
                f"{MOST_PAIRS:,}; add a term"
            )
    if blocks and not kept:
        raise BadInput(f"Nothing can be matched: {'; '.join(notes)}.")
    return [one for one in kept if one.pairs]


def _training_sets(
    store: MatchStore,
    table: StagedTable,
    used: Sequence[PairComparison],
    blocks: Sequence[BlockRule],
) -> list[BlockRule]:
    """Sets of pairs to train with: what two agree in by the choice of the set cannot be learnt
    from it, so each comparison needs a set that was chosen by something else."""
    plain = [one for one in blocks if not one.exploded]
    alone = [
        block_rule(one.column, [BlockTerm(one.column)], table, store)
        for one in used
        if one.column is not None and one.kind in ("name", "exact", "code", "date")
    ]
    sets: dict[tuple[str, ...], BlockRule] = {}
    for one in sorted([*plain, *alone], key=lambda rule: (-len(rule.keys), rule.pairs)):
        if FEWEST_PAIRS <= one.pairs <= MOST_PAIRS:
            sets.setdefault(one.keys, one)
    chosen: list[BlockRule] = []
    learnt = dict.fromkeys(range(len(used)), 0)
    for one in sets.values():
        teaches = [i for i in learnt if not _chosen_by(one, used[i], table)]
        if any(learnt[i] < 2 for i in teaches) and len(chosen) < TRAININGS:
            chosen.append(one)
            for i in teaches:
                learnt[i] += 1
    return chosen


def _chosen_by(rule: BlockRule, one: PairComparison, table: StagedTable) -> bool:
    """Whether pairs of this set agree in a comparison's column because they are chosen so."""
    if one.column is None:
        return False
    made_of = {f"{letter}{table.at(one.column)}" for letter in "kcdstw"}
    return any(not made_of.isdisjoint(re.findall(r"\w+", key)) for key in rule.keys)


def _condition(rules: MatchRules) -> str:
    return APART if rules.across == "sources" else "l.n <> r.n"


def _with(settings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**settings, **changes}


def linker_of(store: MatchStore, table: str, settings: SettingsCreator | dict[str, Any]) -> Linker:
    # It warns of every level that no pair has reached; smoothing gives those a weight.
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    api = DuckDBAPI(store.connection)
    rows = api.register(table, dataset_display_name=f"{table}_rows")
    return Linker(rows, settings, log_level=None)
