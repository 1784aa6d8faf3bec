"""The invented world of finance: what the tables state, what they keep, who is one."""

from __future__ import annotations

from recipes.finance.world import HELD_OUT, build


def test_what_is_held_out_stands_in_no_table() -> None:
    world = build()
    assert world == build()
    assert len(set(world.held_out)) == HELD_OUT
    owned = {
        (f"company/{row['owner']}", "OWNS", f"company/{row['owned']}")
        for row in world.tables["ownership"]
    }
    assert not owned & set(world.held_out)
    firms = {f"company/{row['number']}": row for row in world.tables["companies"]}
    for owner, _, other in world.held_out:  # neither a name nor an address gives it away
        assert firms[owner]["name"].split()[0] not in firms[other]["name"]
        assert firms[owner]["name"].split()[0] not in firms[other]["purpose"]
        assert firms[owner]["address"] != firms[other]["address"]


def test_the_list_writes_names_otherwise_and_knows_some_that_the_register_does_not() -> None:
    world = build()
    people = {
        f"person/{row['person_id']}": f"{row['first']} {row['last']}"
        for row in world.tables["officers"]
    }
    firms = {f"company/{row['number']}": row["name"] for row in world.tables["companies"]}
    listed = {f"listed/{row['reference']}": row for row in world.tables["sanctions"]}
    for known, other in world.same:
        if known in people or known in firms:
            assert (people | firms)[known] != listed[other]["names"][0]["written"]
    assert len(world.same) < len(listed)
    kinds = {row["kind"] for row in listed.values()}
    assert kinds == {"person", "company"}
