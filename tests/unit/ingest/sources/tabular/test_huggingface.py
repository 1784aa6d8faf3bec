"""Datasets of Hugging Face that lie in a folder: what their columns become, and what is refused."""

from __future__ import annotations

import io
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from ingest.mapping.choose import open_any
from ingest.mapping.tables_of import tables_of
from ingest.sources.table import TableOptions
from ingest.sources.tables import open_table
from ingest.sources.tabular.huggingface import HuggingfaceTable, at_once, named, spec_of
from kg_platform.errors import BadInput, BadMedium, Unavailable
from kg_platform.media.gallery import Gallery
from kg_platform.records import Entity, HeldMedium, MediaRef
from tests.support.clips import film, wav

OPTIONS = TableOptions(format="huggingface")


def png(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pets() -> Any:
    import datasets as library

    return library.Dataset.from_dict(
        {
            "id": ["a", "b", "c"],
            "kind": [0, 1, -1],
            "photo": [{"bytes": png("red")}, {"bytes": png("blue")}, None],
            "tags": [[0, 1], [], None],
            "more": [[{"bytes": png("red")}], [], []],
            "seen": [datetime(2026, 1, 2), None, datetime(2026, 1, 3)],
            "home": [{"city": "Rome", "kind": 1}, {"city": "Oslo", "kind": 0}, None],
        },
        features=library.Features(
            {
                "id": library.Value("string"),
                "kind": library.ClassLabel(names=["cat", "dog"]),
                "photo": library.Image(),
                "tags": library.List(library.ClassLabel(names=["calm", "old"])),
                "more": library.List(library.Image()),
                "seen": library.Value("timestamp[us]"),
                "home": {
                    "city": library.Value("string"),
                    "kind": library.ClassLabel(names=["house", "flat"]),
                },
            }
        ),
    )


def check(rows: list[tuple[int, Any]]) -> None:
    assert [number for number, _ in rows] == [1, 2, 3]
    first, second, third = (row for _, row in rows)
    assert first == {
        "id": "a",
        "kind": "cat",
        "photo": HeldMedium.of(png("red")),
        "tags": ["calm", "old"],
        "more": [HeldMedium.of(png("red"))],
        "seen": datetime(2026, 1, 2),
        "home": {"city": "Rome", "kind": "flat"},
    }
    assert first["photo"].data == png("red")
    assert (second["kind"], second["tags"], second["seen"]) == ("dog", [], None)
    assert (third["kind"], third["photo"], third["home"]) == (None, None, None)


def test_a_saved_dataset_is_read_where_it_lies_and_nothing_is_written_to_it(
    pets: Any, tmp_path: Path
) -> None:
    pets.save_to_disk(str(tmp_path / "pets"))
    before = sorted(tmp_path.rglob("*"))
    table = open_table("pets", OPTIONS, tmp_path)
    check(list(table.rows()))
    check(list(table.rows()))  # more than once
    assert table.count() == 3
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_of_parquet_with_a_card(pets: Any, tmp_path: Path) -> None:
    for name, part in (("base", pets), ("small", pets.select([1]))):
        (tmp_path / "pets" / name).mkdir(parents=True)
        part.to_parquet(str(tmp_path / "pets" / name / "train-00000-of-00001.parquet"))
    (tmp_path / "pets" / "README.md").write_text(
        "---\nconfigs:\n- config_name: base\n  data_files: base/*.parquet\n  default: true\n"
        "- config_name: small\n  data_files: small/*.parquet\n---\nPets.\n"
    )
    check(list(HuggingfaceTable("pets", OPTIONS, tmp_path).rows()))
    small = HuggingfaceTable("pets", TableOptions(format="huggingface", config="small"), tmp_path)
    assert [row["id"] for _, row in small.rows() if isinstance(row, dict)] == ["b"]
    with pytest.raises(BadInput, match="BuilderConfig 'none' not found"):
        HuggingfaceTable("pets", TableOptions(format="huggingface", config="none"), tmp_path)


def test_splits_stand_one_after_the_other_and_one_may_be_named(pets: Any, tmp_path: Path) -> None:
    import datasets as library

    both = library.DatasetDict({"train": pets, "test": pets.select([0])})
    both.save_to_disk(str(tmp_path / "pets"))
    table = HuggingfaceTable("pets", OPTIONS, tmp_path)
    assert table.columns()[-1] == "split"
    found = [row for _, row in table.rows() if isinstance(row, dict)]
    assert [row["split"] for row in found] == ["train"] * 3 + ["test"]
    one = HuggingfaceTable("pets", TableOptions(format="huggingface", split="test"), tmp_path)
    assert "split" not in one.columns()
    assert one.count() == 1
    with pytest.raises(BadInput, match=r"pets has no split 'dev'; there are train, test\."):
        HuggingfaceTable("pets", TableOptions(format="huggingface", split="dev"), tmp_path)


def test_sound_and_film_are_media(tmp_path: Path) -> None:
    import datasets as library

    rows = {
        "id": ["a"],
        "cry": [{"bytes": wav(), "path": "a.wav"}],
        "seen": [{"bytes": film(), "path": "a.mp4"}],
    }
    cries = library.Dataset.from_dict(rows).cast_column("cry", library.Audio(decode=False))
    cries = cries.cast_column("seen", library.Video(decode=False))
    cries.save_to_disk(str(tmp_path / "cries"))
    cry = cries.features["cry"]
    assert at_once(cries.features) == 4
    assert at_once({"id": library.Value("string"), "a": library.List({"b": cry})}) == 20
    source = open_any(Path(f"huggingface:{tmp_path}/cries"))
    [entity] = [one for one in source.records() if isinstance(one, Entity)]
    with Gallery(tmp_path, None, max_pixels=10_000, max_bytes=100_000) as gallery:
        found = [(ref.role, gallery.keep(ref).mime) for ref in entity.media]
    assert found == [("audio", "audio/wav"), ("video", "video/mp4")]


def test_what_no_graph_can_hold_is_left_out_and_said(tmp_path: Path) -> None:
    import datasets as library

    told = library.Dataset.from_dict({"id": ["a"], "text": [{"bytes": b"%PDF", "path": "a.pdf"}]})
    told.cast_column("text", library.Pdf(decode=False)).save_to_disk(str(tmp_path / "told"))
    table = HuggingfaceTable("told", OPTIONS, tmp_path)
    assert list(table.rows()) == [(1, {"id": "a"})]
    assert table.notes == ["The column 'text' of told holds pdf; it is left out."]


def test_a_picture_that_is_a_path_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png("red"))
    (tmp_path / "one").mkdir()
    told = json.dumps({"info": {"features": {"photo": {"_type": "Image"}}}})
    kind = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    paths = [{"bytes": None, "path": str(tmp_path / "secret.png")}]
    schema = pyarrow.schema({"photo": kind}, {"huggingface": told})
    table = pyarrow.table({"photo": pyarrow.array(paths, kind)}, schema=schema)
    pyarrow.parquet.write_table(table, tmp_path / "one" / "train.parquet")
    found = HuggingfaceTable("one", OPTIONS, tmp_path)
    assert list(found.rows()) == [(1, {"photo": None})]
    assert "not in the dataset; they are left out" in found.notes[0]


def test_it_is_ingested_as_its_inferred_mapping(pets: Any, tmp_path: Path) -> None:
    pets.remove_columns(["home"]).save_to_disk(str(tmp_path / "pets"))
    source = open_any(Path(f"huggingface:{tmp_path}/pets?split=train"))
    assert source.name == "pets"
    assert "--infer 'huggingface:" in source.notes[0]
    first, *_ = [one for one in source.records() if isinstance(one, Entity)]
    assert (first.id, first.type, len(first.media)) == ("a", "Pet", 2)
    gallery = Gallery(tmp_path, None, max_pixels=100, max_bytes=1000)
    assert gallery.keep(first.media[0]).width == 4
    with pytest.raises(BadMedium, match="larger than the 10 bytes"):
        Gallery(tmp_path, None, max_pixels=100, max_bytes=10).read(first.media[0])


def test_an_address_says_what_of_it(tmp_path: Path) -> None:
    name, options = named("huggingface:owner/name?config=en&split=test&revision=abc&streaming=yes")
    assert name == "owner/name"
    assert (options.config, options.split, options.revision) == ("en", "test", "abc")
    assert options.streaming is True
    assert spec_of("huggingface:owner/name?split=test") == {
        "huggingface": "owner/name",
        "split": "test",
    }
    for address in ("huggingface:", "huggingface:a/b?trust_remote_code=yes"):
        with pytest.raises(BadInput, match="is no dataset; write huggingface:NAME"):
            named(address)
    with pytest.raises(BadInput, match="OWNER/NAME"):
        tables_of(["huggingface:csv"], tmp_path)  # not every CSV of the folder that one stands in
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(BadInput, match="`split` is for huggingface, and this table is csv"):
        open_table("a.csv", TableOptions(split="train"), tmp_path)


def test_without_a_network_and_without_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import datasets as library

    def unreachable(*_: object, **given: object) -> None:
        assert "trust_remote_code" not in given
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(library, "load_dataset", unreachable)
    with pytest.raises(Unavailable, match="Hugging Face cannot be reached for owner/name"):
        HuggingfaceTable("owner/name", OPTIONS, tmp_path)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(BadInput, match=r"`pip install 'kg-platform\[huggingface\]'`"):
        HuggingfaceTable("owner/name", OPTIONS, tmp_path)


def test_code_of_a_dataset_is_never_run(tmp_path: Path) -> None:
    folder = tmp_path / "scripted"
    folder.mkdir()
    (folder / f"{folder.name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    with pytest.raises(BadInput, match="code of its own, which is never run"):
        HuggingfaceTable("scripted", OPTIONS, tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_held_picture_keeps_its_bytes_through_a_pickle() -> None:
    import pickle

    ref = pickle.loads(pickle.dumps(MediaRef(HeldMedium.of(b"bytes"))))
    assert isinstance(ref.location, HeldMedium)
    assert ref.location.data == b"bytes"
