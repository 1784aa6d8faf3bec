"""The seam of learned models: a fake that is written by hand, and GLiNER2 where it is installed.

What they find differs; what shape it has, and what becomes of it, does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.extraction.gliner import GlinerReader
from ingest.extraction.learned import LearnedModel, ReadRelation, RelationReader, labels_of
from ingest.extraction.names.meaning import Meant
from ingest.extraction.names.name_index import NameIndex
from ingest.extraction.names.relation_types import RelationTypes
from kg_platform.errors import BadInput, EncoderError
from tests.support.extraction_world import THINGS, TYPES, describe, sentence, triples

TEXT = "Ann Meyer was born in Paris, and Lu Xun was born in Upper Sandusky."


class FakeReader:
    """Finds "X was born in Y", whatever is asked for."""

    name = "fake:1"

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    def relations(self, text: str, labels: Sequence[str], /) -> list[ReadRelation]:
        self.asked.append(labels)
        born = re.finditer(r"(\w+ \w+) was born in ((?:[A-Z]\w+ ?)+)", text)
        return [ReadRelation("born in", m.span(1), m.span(2), 0.8) for m in born]


@pytest.fixture(params=["fake", "gliner"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> RelationReader:
    if request.param == "fake":
        return FakeReader()
    pytest.importorskip("gliner2", reason="the extra gliner is not installed")
    return GlinerReader(str(tiny_gliner(tmp_path / "tiny")))


def tiny_gliner(folder: Path) -> Path:
    """A model that has learnt nothing."""
    import torch
    from gliner2 import ExtractorConfig, SpanExtractor
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, PreTrainedTokenizerFast

    torch.manual_seed(0)
    made = Tokenizer(WordLevel({"[PAD]": 0, "[UNK]": 1}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]")
    encoder = BertConfig(
        vocab_size=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64,
    )  # fmt: skip
    config = ExtractorConfig(model_name="tiny", architecture="span")
    SpanExtractor(config, encoder_config=encoder, tokenizer=tokenizer).save_pretrained(folder)
    return folder


def test_what_is_found_stands_in_the_text(reader: RelationReader) -> None:
    labels = list(labels_of(TYPES.ends))
    found = reader.relations(TEXT, labels)
    again = reader.relations(TEXT, labels)
    assert list(found) == list(again)
    for one in found:
        assert one.label in labels
        assert 0 <= one.confidence <= 1
        for start, end in (one.head, one.tail):
            assert 0 <= start < end <= len(TEXT)


def test_a_model_of_any_reader_gives_facts_that_fit_the_graph(reader: RelationReader) -> None:
    model = LearnedModel(reader, NameIndex(THINGS), TYPES, Meant(describe))
    found = model.read(sentence(TEXT))
    assert model.name == reader.name
    for fact in found.facts:
        assert TYPES.fits(fact.relation, fact.head.type, fact.tail.type)
        assert 0 <= fact.score <= 1


def test_names_types_and_denials_hold_for_what_a_model_finds() -> None:
    fake = FakeReader()
    model = LearnedModel(fake, NameIndex(THINGS), TYPES, Meant(describe))
    found = model.read(sentence(TEXT))
    (known, new) = sorted(found.facts, key=lambda one: -one.score)
    assert known.ends == ("ann", "BORN_IN", "paris")
    assert (known.score, known.by) == (0.8, "born in")
    assert (new.head.id, new.tail.label, new.tail.type, new.tail.new) == (
        "luxun", "Upper Sandusky", "City", True,
    )  # fmt: skip
    assert fake.asked == [list(labels_of(TYPES.ends))]
    nothing = "It is a myth that Ann Meyer was born in Paris. Ann Meyer was born in Japan."
    for text in (nothing[:46], nothing[47:], "Nobody here was born in Nowhere."):
        assert triples(model.read(sentence(text))) == set()


def test_a_model_is_not_asked_for_nothing() -> None:
    fake = FakeReader()
    signs = RelationTypes.of([("★", "Person", "City")])
    LearnedModel(fake, NameIndex(THINGS), signs, Meant(describe)).read(sentence(TEXT))
    assert fake.asked == []


def test_a_model_that_cannot_be_had_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Name a model after gliner:"):
        GlinerReader(" ")
    with pytest.raises(EncoderError, match=r"needs? an extra|cannot be loaded"):
        GlinerReader(str(tmp_path))
