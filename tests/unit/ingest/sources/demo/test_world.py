"""The demo world: structure, honesty of its sentences, determinism, hostile data."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ingest.sources.demo import flags
from ingest.sources.demo import world as world_module
from ingest.sources.demo.sentences import describe, official_name
from ingest.sources.demo.world import (
    Names,
    World,
    build,
    countries,
    read_names,
    slug,
    write,
    write_demo_world,
)
from kg_platform.errors import BadInput, ServerError
from kg_platform.settings import Settings

NAMES = Names(languages={"ja": "Japanese"}, currencies={"JPY": "Japanese yen"})
FLAG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480">'
    '<path fill="{}" d="M0 0h640v480H0z"/></svg>'
)


@pytest.fixture(scope="module")
def world() -> World:
    return build(countries(), read_names())


def country(code: str, name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "ISO": {"alpha2": code[:2], "alpha3": code}, **more}


def tails(world: World, head: str, relation: str) -> set[str]:
    return {tail for h, r, tail in world.triples if (h, r) == (head, relation)}


def test_the_world_has_all_kinds_of_things(world: World) -> None:
    kinds = Counter(row["type"] for row in world.entities.values())
    assert kinds["Country"] > 240
    assert kinds["City"] > 240
    assert "Province" not in kinds, "all that is known of one is its name: its country has it"
    assert kinds["Region"] == 5
    assert min(kinds[k] for k in ("Language", "Currency", "Subregion")) > 20
    relations = {relation for _, relation, _ in world.triples}
    assert relations == {"HAS_CAPITAL", "LANGUAGE", "CURRENCY", "IN_REGION", "IN_SUBREGION",
                         "BORDERS", "PART_OF"}  # fmt: skip


def test_no_triple_dangles_and_every_row_has_a_name(world: World) -> None:
    for head, _, tail in world.triples:
        assert head in world.entities
        assert tail in world.entities
        assert head != tail
    assert all(row["id"] == id_ and row["label"] for id_, row in world.entities.items())


def test_japan_is_as_everybody_knows_it(world: World) -> None:
    japan = world.entities["JPN"]
    assert (japan["type"], japan["label"], japan["native_name"]) == ("Country", "Japan", "日本")
    assert japan["area"] == 377930.0
    assert tails(world, "JPN", "HAS_CAPITAL") == {"city:JPN:tokyo"}
    assert tails(world, "JPN", "LANGUAGE") == {"language:ja"}
    assert tails(world, "JPN", "CURRENCY") == {"currency:JPY"}
    assert tails(world, "JPN", "BORDERS") == set()
    assert len(japan["provinces"]) == 47
    assert japan["provinces"][:2] == ["Aichi", "Akita"]
    assert "island" in japan["description"]
    assert "monarchy" not in japan["description"], "the data does not say so"


def test_codes_have_names_and_wrong_ones_are_put_right(world: World) -> None:
    for row in world.entities.values():
        if row["type"] in ("Language", "Currency"):
            assert row["label"] not in row["aliases"], f"{row['id']} has no name"
    assert tails(world, "SRB", "LANGUAGE") == {"language:sr"}
    assert "ITA" in tails(world, "VAT", "BORDERS"), "given as IT"
    assert tails(world, "CHE", "CURRENCY") == {"currency:CHF"}, "funds codes are not money"


def test_one_code_is_one_country(world: World) -> None:
    assert world.entities["MMR"]["label"] == "Myanmar"
    assert len(world.entities["MMR"]["provinces"]) == 14, "from the record named Burma"
    assert world.entities["GBR"]["label"] == "United Kingdom"
    assert "SCG" not in world.entities


def test_provinces_are_names_on_their_country() -> None:
    names = ["North", "North", "nörth ", "  ", None, 7, "East\nSide"]
    made = build(
        [country("AAA", "A", provinces=names), country("BBB", "B", provinces=[])],
        NAMES,
    )
    assert made.entities["AAA"]["provinces"] == ["East Side", "North", "nörth"]
    assert "provinces" not in made.entities["BBB"]
    assert set(made.entities) == {"AAA", "BBB"}


def test_hostile_and_missing_data_keep_their_shape(tmp_path: Path) -> None:
    nasty = "a\tb\nc`\"' -->\x00 {{x}} $(y) 🏴"
    made = build(
        [
            country("AAA", nasty, capital=[nasty], provinces=[nasty, "…", None, 7], region=nasty,
                    languages=[nasty], currencies=[nasty], borders=["AAA", "ZZZ", nasty],
                    latlng=["x", 1]),
            country("BBB", "Bare"),
            {"name": "Codeless", "ISO": {}},
            {"name": "", "ISO": {"alpha3": "CCC"}},
            {"name": "Nothing"},
        ],
        NAMES,
    )  # fmt: skip
    write(made, {}, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "entities.jsonl").read_text().splitlines()]
    lines = (tmp_path / "triples.tsv").read_text().splitlines()[1:]
    ids = {row["id"] for row in rows}
    assert {"AAA", "BBB"} <= ids
    assert "CCC" not in ids
    assert len(lines) == len(made.triples)
    for line in lines:
        head, _, tail = line.split("\t")
        assert {head, tail} <= ids
    assert tails(made, "AAA", "BORDERS") == set()
    assert made.entities["BBB"] == {"id": "BBB", "type": "Country", "label": "Bare",
                                    "alpha2": "BB"}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "official", "told", "not_told"),
    [
        ({"altSpellings": ["Kingdom of Bahrain"], "borders": []}, "Kingdom of Bahrain",
         ["monarchy", "island"], ["republic"]),
        ({"altSpellings": ["Republic of Malta"], "borders": []}, "Republic of Malta",
         ["republic", "island"], ["monarchy"]),
        ({"altSpellings": ["Korea, Republic of", "Region of the Republic of X"]}, "",
         [], ["republic", "island", "borders"]),
        ({"borders": ["FRA"]}, "", ["1 neighbour."], ["island"]),
        ({"latlng": [-8, 1]}, "", ["tropics, south"], []),
        ({"population": 56, "area": 0.5, "demonym": "Aer"}, "",
         ["About 56 people, called Aer", "(0.5 km²)"], []),
        ({"population": 0, "area": None, "latlng": []}, "", [], ["people", "km"]),
    ],
)  # fmt: skip
def test_sentences_say_what_the_data_says_and_no_more(
    record: dict[str, Any], official: str, told: list[str], not_told: list[str]
) -> None:
    record = {"name": "Somewhere", **record}
    text = describe(record)
    assert official_name(record) == official
    assert all(word in text for word in told)
    assert not any(word in text for word in not_told)


def test_slugs_have_nothing_that_separates_columns_or_parts() -> None:
    for name in ("Côte d'Or", "A:B", "tab\there", "…", "東京", "Kärnten / Koroška"):
        made = slug(name)
        assert made
        assert not set(made) & set(" \t\n:'\"/`")


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A jar with three flags, fetched without a network; the codes that were drawn."""
    jar = tmp_path / "flags.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        for code, colour in (("jp", "red"), ("fr", "blue"), ("xx", "green")):
            archive.writestr(f"META-INF/flags/4x3/{code}.svg", FLAG.format(colour))
            archive.writestr(f"META-INF/flags/1x1/{code}.svg", "not this one")
    monkeypatch.setattr(flags, "fetch_jars", lambda *_: [jar])
    seen: list[str] = []
    real = flags.draw

    def draw(svg: str) -> bytes:
        seen.append(svg)
        return real(svg)

    monkeypatch.setattr(flags, "draw", draw)
    return seen


def test_flags_are_drawn_once(settings: Settings, tmp_path: Path, drawn: list[str]) -> None:
    settings = settings.model_copy(update={"cache": tmp_path / "cache"})
    first = flags.flags(settings, ["jp", "fr", "jp", "zz"])
    assert set(first) == {"jp", "fr"}
    with Image.open(io.BytesIO(first["jp"])) as picture:
        assert picture.size == (flags.WIDTH, flags.HEIGHT)
        assert picture.convert("RGB").getpixel((160, 120)) == (255, 0, 0)
    assert len(drawn) == 2
    assert flags.flags(settings, ["jp", "fr"]) == first
    assert len(drawn) == 2


def test_a_jar_without_flags_is_said_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = tmp_path / "empty.jar"
    zipfile.ZipFile(jar, "w").close()
    monkeypatch.setattr(flags, "fetch_jars", lambda *_: [jar])
    with pytest.raises(ServerError, match="no flags"):
        flags.flags(settings.model_copy(update={"cache": tmp_path / "cache"}), ["jp"])


def test_the_folder_is_made_once_and_always_the_same(
    settings: Settings, tmp_path: Path, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings.model_copy(update={"cache": tmp_path / "cache"})
    first = write_demo_world(settings)
    other = write_demo_world(settings.model_copy(update={"home": tmp_path / "other"}))
    files = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
    assert Path("flags/jp.png") in files
    for file in files:
        assert (first / file).read_bytes() == (other / file).read_bytes()
    monkeypatch.setattr(world_module, "build", lambda *_: pytest.fail("made again"))
    assert write_demo_world(settings) == first
    rows = [json.loads(line) for line in (first / "entities.jsonl").read_text().splitlines()]
    japan = next(row for row in rows if row["id"] == "JPN")
    assert japan["image"] == "flags/jp.png"


def test_a_folder_that_cannot_be_written_is_one_sentence(
    settings: Settings, tmp_path: Path, drawn: list[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    blocked = settings.model_copy(
        update={"home": tmp_path / "file" / "home", "cache": tmp_path / "cache"}
    )
    with pytest.raises(BadInput, match="cannot be written"):
        write_demo_world(blocked)
    assert not list(tmp_path.glob("**/.demo-*"))
