from __future__ import annotations

import pytest

from kg_platform.browse.parameters import LEAST, MOST, check, typed, values
from kg_platform.errors import BadInput


def test_values_are_json_or_texts() -> None:
    given = ["a=1", "b=JPN", 'c="7"', "d=[1.5, null]", "e=", "f=x=y", f"g={MOST}", f"h={LEAST}"]
    found = {"a": 1, "b": "JPN", "c": "7", "d": [1.5, None], "e": "", "f": "x=y"}
    assert typed(given) == found | {"g": MOST, "h": LEAST}


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (["a"], "is not name=value"),
        (["=1"], "is not name=value"),
        (["a=1", "a=2"], "gives a twice"),
        (["$id=7"], r"names \$id without its \$: id=7"),
        ([f"a={MOST + 1}"], "does not fit into 64 bits"),
        ([f"a={LEAST - 1}"], "does not fit into 64 bits"),
        (['a=[{"b": 99999999999999999999}]'], "does not fit into 64 bits"),
        (["a=" + "9" * 5_000], "does not fit into 64 bits"),
        (["a=NaN"], 'is no number; for the text write a="NaN"'),
        (["a=[-Infinity]"], "is no number"),
        (["a=1e999"], "infinity"),
        (['a={"k": 1, "k": 2}'], "has the key 'k' twice"),
        (['a="\\ud800"'], "half a character"),
        (["a=\udcff"], "half a character"),
        (["a=" + "[" * 200 + "]" * 200], "nested too deeply"),
        (["a=" + "[" * 50_000], "nested too deeply"),
    ],
)
def test_what_does_not_fit_is_one_sentence(pairs: list[str], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as refusal:
        typed(pairs)
    assert len(str(refusal.value)) < 300


def test_a_program_is_told_as_well() -> None:
    check({"a": [1, 2.5, None, True, "x", {"k": ["v"]}]})
    for wrong in ({"a": 2**63}, {"a": {1, 2}}, {"a": {1: 2}}, {1: 2}, {"a": ["\ud800"]}):
        with pytest.raises(BadInput):
            check(wrong)


def test_a_field_that_is_empty_gives_no_value() -> None:
    assert values({"a": "1", "b": " ", "c": '""', "d": "JPN"}) == {"a": 1, "c": "", "d": "JPN"}
    with pytest.raises(BadInput, match="does not fit"):
        values({"a": str(MOST + 1)})
