"""What is read in a sentence by names and patterns, and what is not."""

from __future__ import annotations

import pytest

from ingest.extraction.names.name_index import NamedThing
from ingest.extraction.patterns.pattern import Pattern
from tests.support.extraction_world import THINGS, reader, sentence, triples

Triple = tuple[str, str, str]
CAPITAL = {("FRA", "HAS_CAPITAL", "paris")}


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Paris is the capital of France.", CAPITAL),
        ("France's capital is Paris.", CAPITAL),
        ("FRANCE: its capital, PARIS, is old.", CAPITAL),
        (
            "France borders Germany, Luxembourg and Spain.",
            {("FRA", "BORDERS", one) for one in ("DEU", "LUX", "ESP")},
        ),
        ("France and Germany border Spain.", {(c, "BORDERS", "ESP") for c in ("FRA", "DEU")}),
        (
            "France borders Spain and Germany borders Luxembourg.",
            {("FRA", "BORDERS", "ESP"), ("DEU", "BORDERS", "LUX")},
        ),
        (
            "France borders Spain, and Paris is its capital.",
            {("FRA", "BORDERS", "ESP"), *CAPITAL},
        ),
        (
            "France lies in Europe, borders Spain and uses the euro.",
            {("FRA", "IN_REGION", "europe"), ("FRA", "BORDERS", "ESP"), ("FRA", "CURRENCY", "eur")},
        ),
        ("France, a country in Europe, has Paris as its capital.",
         {("FRA", "IN_REGION", "europe"), *CAPITAL}),
        ("Luxembourg is the capital of Luxembourg.", {("LUX", "HAS_CAPITAL", "lux")}),
        ("“Diary of a Madman” was written by Lu Xun.", {("diary", "WRITTEN_BY", "luxun")}),
        ("Ann Meyer was born in Paris.", {("ann", "BORN_IN", "paris")}),
        ("Not only Paris is the capital of France.", CAPITAL),
        ("France's capital, largest city and seat of power is Paris.", CAPITAL),
        (
            "France is bordered in the north by Luxembourg, in the east by Germany, and by Spain.",
            {("FRA", "BORDERS", one) for one in ("DEU", "LUX", "ESP")},
        ),
        (
            "France borders Luxembourg and Germany to the east, and Spain to the south.",
            {("FRA", "BORDERS", one) for one in ("DEU", "LUX", "ESP")},
        ),
        # Names in another script change nothing, also where a sign of them denies alone.
        ("France (法兰西) shares borders with Spain (西班牙).", {("FRA", "BORDERS", "ESP")}),
        ("Japan (古将前未) shares borders with Spain.", {("JPN", "BORDERS", "ESP")}),
        ("法国（France, the French Republic）的首都是Paris。", CAPITAL),
    ],
)  # fmt: skip
def test_stated(text: str, stated: set[Triple]) -> None:
    assert triples(reader().read(sentence(text))) == stated


@pytest.mark.parametrize(
    "text",
    [
        "France does not border Japan.",
        "France doesn't border Japan.",
        "France may border Japan.",
        "Is Paris the capital of France?",
        "Berlin was once the capital of France.",
        "It is a myth that Berlin is the capital of France.",
        "Berlin is the capital of France, which is wrong.",
        "Berlin is larger than the capital of France.",
        "Berlin is near the capital of France.",
        "Unlike Germany, France is not in Asia.",
        "Reportedly Japan uses the euro.",
        "France and Japan signed a treaty in Berlin.",
        "The capital of France is Europe.",  # types that the relation does not lead between
        "france is the capital of paris",
        "Berlin was built by West Germany and borders Spain.",
        "It is false that Paris (巴黎) is the capital of France.",
        "Is Paris (巴黎) the capital of France?",
        "Paris 不是 the capital of France.",
        "It is false that 巴黎是法国的首都。",
        "巴黎是法国的首都, which is wrong.",
    ],
)
def test_not_stated(text: str) -> None:
    assert triples(reader().read(sentence(text))) == set()


def test_who_is_called_alike_is_told_apart_by_what_the_sentence_says() -> None:
    found = reader().read(sentence("Kingston is the capital of Jamaica."))
    assert triples(found) == {("JAM", "HAS_CAPITAL", "kingston-jam")}
    (fact,) = found.facts
    assert fact.score < 0.9, "less sure than a name that only one has"
    nobody = reader().read(sentence("Kingston is the capital of France."))
    assert (triples(nobody), nobody.unsure) == (set(), 1)


def test_a_name_that_nobody_has_is_new_and_of_the_type_that_the_relation_asks() -> None:
    text = "Ann Meyer was born in Upper Sandusky."
    (fact,) = reader().read(sentence(text)).facts
    assert (fact.tail.new, fact.tail.label, fact.tail.type) == (True, "Upper Sandusky", "City")
    assert reader(new=False).read(sentence(text)).facts == []
    (lu,) = reader().read(sentence("Lu Xun was born in Upper Sandusky.")).facts
    assert lu.tail.id == fact.tail.id, "one entity, whoever names it"


def test_a_name_within_a_longer_one_is_not_that_entity() -> None:
    (fact,) = reader().read(sentence("Paris Hilton was born in Berlin.")).facts
    assert (fact.head.new, fact.head.label, fact.head.type) == (True, "Paris Hilton", "Person")
    assert fact.tail.id == "berlin"


def test_signs_of_direction_change_nothing_and_are_not_kept() -> None:
    found = reader().read(sentence("\u202eParis\u202c is the \u200ecapital of \u2067France\u2069."))
    assert triples(found) == CAPITAL
    assert found.sentence.text == "Paris is the capital of France."


def test_what_an_entity_says_of_itself_has_it_for_its_pronouns() -> None:
    found = reader().read(sentence("Its capital is Paris.", entity="FRA"))
    assert triples(found) == CAPITAL
    assert triples(reader().read(sentence("Its capital is Paris."))) == set()


def test_names_that_more_have_than_can_be_told_apart_are_left_out_at_once() -> None:
    many = [NamedThing(f"smith-{i:05}", "John Smith", (), "Person") for i in range(10_000)]
    model = reader(things=[*THINGS, *many])
    found = model.read(sentence("John Smith was born in Paris, and Ann Meyer was born in Berlin."))
    assert triples(found) == {("ann", "BORN_IN", "berlin")}


def test_a_sentence_of_ten_thousand_names() -> None:
    many = [NamedThing(f"city-{i:05}", f"Ville {i:05}", (), "City") for i in range(10_000)]
    model = reader(things=[*THINGS, *many])
    text = "Ann Meyer was born in " + ", ".join(one.label for one in many) + "."
    found = model.read(sentence(text))
    assert len(found.entities) == 10_001
    assert len(found.facts) <= 30, "a list that long is none"


def test_patterns_of_a_file_go_before_those_of_the_graph() -> None:
    ours = [Pattern.of("{head:Person} ... first saw the light in {tail:City} -> BORN_IN")]
    found = reader(ours).read(sentence("Ann Meyer left; we first saw the light in Paris."))
    assert triples(found) == set(), "a gap is within one part of a sentence"
    found = reader(ours).read(sentence("Ann Meyer as a baby first saw the light in Paris."))
    assert triples(found) == {("ann", "BORN_IN", "paris")}


def test_a_short_code_counts_only_as_it_is_written() -> None:
    found = reader().read(sentence("FR borders Germany."))
    assert triples(found) == {("FRA", "BORDERS", "DEU")}
    assert [one.id for one in reader().read(sentence("This is France.")).entities] == ["FRA"]


def test_a_pronoun_stands_for_what_the_sentence_before_began_with() -> None:
    model = reader()
    first = model.read(sentence("Germany lies in Europe."))
    assert first.topic == "DEU"
    found = model.read(sentence("It borders France, and Berlin is its capital."), first.topic)
    assert triples(found) == {("DEU", "BORDERS", "FRA"), ("DEU", "HAS_CAPITAL", "berlin")}
    found = model.read(sentence("Berlin is its capital."), first.topic)
    assert triples(found) == {("DEU", "HAS_CAPITAL", "berlin")}
    own = model.read(sentence("It borders France.", entity="ESP"), first.topic)
    assert triples(own) == {("ESP", "BORDERS", "FRA")}


def test_a_common_word_in_small_letters_is_no_name() -> None:
    things = [*THINGS, NamedThing("ISL", "Iceland", ("Island",), "Country")]
    found = reader(things=things).read(sentence("Japan is an island country in Asia."))
    assert triples(found) == {("JPN", "IN_REGION", "asia")}
