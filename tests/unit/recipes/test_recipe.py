"""A recipe's folder: whole, made once, and made again by another version."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.mapping.source import open_mapping
from kg_platform.errors import BadInput, NotFound
from kg_platform.records import Entity, Rejection, Relation
from kg_platform.settings import Settings
from recipes.recipe import RECIPES, FieldRecipe, recipe, write

EVERY = pytest.mark.parametrize("chosen", RECIPES, ids=lambda one: one.name)


@EVERY
def test_its_mappings_read_every_row_and_each_relation_has_its_ends(
    chosen: FieldRecipe, settings: Settings
) -> None:
    folder = write(chosen, settings)
    assert folder == settings.home / "recipes" / chosen.name
    ids: set[str] = set()
    ends: set[str] = set()
    for file, name in zip(chosen.mappings, chosen.sources, strict=True):
        source = open_mapping(folder / file)
        assert source.name == name
        for record in source.records():
            assert not isinstance(record, Rejection), record
            if isinstance(record, Entity):
                ids.add(record.id)
                assert all((folder / one.location).is_file() for one in record.media)
            elif isinstance(record, Relation):
                ends |= {record.head, record.tail}
    assert ends <= ids
    assert len(ids) > 500


def test_it_is_written_once_and_anew_where_it_is_of_another_version(settings: Settings) -> None:
    chosen = recipe("medicine")
    folder = write(chosen, settings)
    (folder / "mine.txt").write_text("kept")
    assert write(chosen, settings) == folder
    assert (folder / "mine.txt").is_file()
    (folder / "made_from.json").write_text("another version")
    write(chosen, settings)
    assert not (folder / "mine.txt").exists()
    assert [file.name for file in folder.parent.iterdir()] == ["medicine"]


def test_an_unknown_name_and_a_folder_that_cannot_be_written(settings: Settings) -> None:
    with pytest.raises(NotFound, match="There is no recipe 'law'; there are medicine and finance"):
        recipe("law")
    settings.home.parent.mkdir(parents=True, exist_ok=True)
    Path(settings.home).write_text("a file")
    with pytest.raises(BadInput, match="cannot be written"):
        write(recipe("finance"), settings)
