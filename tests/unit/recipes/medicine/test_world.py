"""The invented world of medicine: what the tables state, what they keep, what is one drug."""

from __future__ import annotations

import json
from pathlib import Path

from recipes.medicine.world import HELD_OUT, build, write
from recipes.tables import read_facts


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
        write(folder)
    files = [
        {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.*")}
        for folder in folders
    ]
    assert files[0] == files[1]
    assert read_facts(folders[0] / "held_out.tsv") == list(build().held_out)


def test_what_is_held_out_stands_in_no_table() -> None:
    world = build()
    assert len(set(world.held_out)) == HELD_OUT
    told = {
        (f"eu/{row['number']}", f"condition/{code}")
        for row in world.tables["registry_eu"]
        for code in row["indications"].split("|")
    }
    told |= {
        (f"eu/{row['drug']}", f"condition/{row['condition']}") for row in world.tables["trials"]
    }
    for row in world.tables["cases"]:  # of two drugs each has its own condition
        if len(row["drugs"]) == 1:
            told |= {(f"eu/{row['drugs'][0]}", f"condition/{one}") for one in row["conditions"]}
    held_out = {(head, tail) for head, _, tail in world.held_out}
    assert not held_out & told
    # Each of these drugs is still known to treat something.
    assert {head for head, _ in held_out} <= {head for head, _ in told}
    names = {row["code"]: row["name"] for row in world.tables["conditions"]}
    summaries = {row["number"]: row["summary"] for row in world.tables["registry_eu"]}
    for head, tail in held_out:
        assert names[tail.removeprefix("condition/")] not in summaries[head.removeprefix("eu/")]


def test_two_registries_write_one_drug_differently() -> None:
    world = build()
    europe = {row["number"]: row for row in world.tables["registry_eu"]}
    america = {row["ndc"]: row for row in world.tables["labels_us"]}
    pairs = [
        (europe[one.removeprefix("eu/")], america[other.removeprefix("us/")])
        for one, other in world.same
    ]
    assert len(pairs) > 60
    assert len(europe) > len(pairs) < len(america)  # some stand in one registry alone
    assert all(one["inn"] != other["name"] for one, other in pairs)
    by_code = [one for one, other in pairs if one["substance"] == other["substance"] != ""]
    assert 0 < len(by_code) < len(pairs) * 0.6  # the others must be told by what they are called
    assert json.dumps(world.tables["labels_us"][0]["maker"])  # nested, as that registry has it
