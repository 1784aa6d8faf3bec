"""The graph page's address: read, changed by what a person does, written again."""

from __future__ import annotations

from collections.abc import Sequence

from ui.widgets.graph_address import GraphAddress


def read(**query: Sequence[str]) -> GraphAddress:
    return GraphAddress.of(lambda name: query.get(name, ()))


def again(address: GraphAddress) -> GraphAddress:
    query = address.query()
    return GraphAddress.of(lambda name: [v] if isinstance(v := query.get(name, []), str) else v)


def test_what_is_written_is_read() -> None:
    address = GraphAddress(
        ("A", "B,C"), ("D",), ("E",), ("A",), ("Country", ""), ("BORDERS",), 300, "A", "D",
        "similarity", "A", "B", "LIKES", True,
    )  # fmt: skip
    # An address has no empty values in lists; a type that is none is not kept.
    assert again(address) == GraphAddress(**{**address.__dict__, "types_off": ("Country",)})
    assert GraphAddress(("A",)).query() == {"id": ["A"]}
    assert again(GraphAddress()) == GraphAddress()


def test_what_makes_no_sense_is_left_out() -> None:
    assert read(limit=["many"], colour=["<script>"], id=["", "A", "A"]) == GraphAddress(("A",))
    assert read(limit=["0"]).limit == 1
    assert read(limit=["99999999"]).limit == 100
    assert read(limit=["5000"]).limit == 1000
    assert read().is_empty
    assert read(**{"from": ["A"]}).is_empty
    assert not read(**{"from": ["A"], "to": ["B"]}).is_empty


def test_commas_divide_where_nobody_is_called_so() -> None:
    def there(ids: Sequence[str]) -> dict[str, object]:
        return {id: None for id in ids if id == "a,b"}

    found = read(id=["a,b"], **{"with": ["C, D,,", "E"]}).split(there)
    assert found.expanded == ("a,b",)
    assert found.beside == ("C", "D", "E")


def test_what_a_person_does() -> None:
    start = GraphAddress(("A",), ("B",))
    assert start.expand(["B", "C"]) == GraphAddress(("A", "B", "C"))
    assert start.collapse(["A", "B"]) == GraphAddress((), ("B", "A"))
    assert start.pin(["A"]).hide(["A", "B"]) == GraphAddress(without=("A", "B"))
    assert start.hide(["A"]).expand(["A"]) == GraphAddress(("A",), ("B",))
    assert start.pin(["A", "B"]).unpin(["A"]).pinned == ("B",)
    assert start.only(["X", "Y"]) == GraphAddress((), ("X", "Y"))
