"""GLiNER2 by name: the one importer of `gliner2`, which is an extra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingest.extraction.learned import ReadRelation
from kg_platform.errors import BadInput, EncoderError

PREFIX = "gliner:"
THRESHOLD = 0.5  # of confidence, as the model's authors have it


class GlinerReader:
    """A GLiNER2 model: a folder, or a name on the Hugging Face Hub."""

    def __init__(self, name: str) -> None:
        """Raises:
        BadInput: the name is empty. EncoderError: the extra is not installed, or the model cannot
            be loaded.
        """
        if not name.strip():
            raise BadInput(
                "Name a model after gliner: a folder, or a name such as "
                "gliner:fastino/gliner2-base-v1."
            )
        self.name = f"{PREFIX}{name}"
        try:
            from gliner2 import AutoExtractor
        except ModuleNotFoundError as error:
            raise EncoderError(
                "Learned models need an extra that is not installed: "
                "`pip install 'kg-platform[gliner]'`."
            ) from error
        try:
            self._model: Any = AutoExtractor.from_pretrained(name)
        except Exception as error:  # whatever a hub, a folder or its weights raise
            why = " ".join(str(error).split())[:200] or type(error).__name__
            raise EncoderError(
                f"The model {name} cannot be loaded ({why}); give a folder that has one, or a name "
                "on the Hugging Face Hub."
            ) from error

    def relations(self, text: str, labels: Sequence[str], /) -> list[ReadRelation]:
        """What it finds."""
        schema = self._model.create_schema().relations(list(labels))
        answer = self._model.extract(
            text, schema, threshold=THRESHOLD, include_spans=True, include_confidence=True
        )
        found = []
        for label, pairs in answer.get("relation_extraction", {}).items():
            for pair in pairs:
                head, tail = pair["head"], pair["tail"]
                sure = min(float(head["confidence"]), float(tail["confidence"]))
                ends = (head["start"], head["end"]), (tail["start"], tail["end"])
                found.append(ReadRelation(label, *ends, sure))
        return found
