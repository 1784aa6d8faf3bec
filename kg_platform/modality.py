"""The modalities: the kinds of content that become vectors of their own beside an entity's facts.

Each is one row here. What else a modality needs is an encoder and how its contents are read, which
are chosen by its name in `embeddings.features.encoders.load` and `embeddings.features.modal`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Modality:
    """One kind of content, by everything that names it.

    `name` stands in records, artifacts and on `(:EmbeddingRun)`; `item` and `items` in sentences;
    `title` on pages; `option` is the field of `EmbedOptions` that says whether it is used, and its
    flag on the command line. The content that changed is marked by `item`. `media` are the kinds
    of media (the first part of a MIME type) that are its contents; without any it is made of the
    entity's own properties.
    """

    name: str
    item: str
    items: str
    title: str
    option: str
    media: tuple[str, ...] = ()

    @property
    def vector(self) -> str:
        """The property of a node that is its published vector."""
        return f"{self.name}_embedding"

    @property
    def index(self) -> str:
        """The vector index over it."""
        return f"entity_{self.vector}"

    @property
    def staged(self) -> str:
        """The property where a vector waits until it is published."""
        return f"embedding_next_{self.name}"

    @property
    def setting(self) -> str:
        """The setting that names the encoder; also what runs record it under."""
        return f"{self.name}_encoder"

    @property
    def revision(self) -> str:
        """What runs record the encoder's revision under."""
        return f"{self.name}_revision"

    @property
    def step(self) -> str:
        """The step of a job that makes its features."""
        return f"{self.item} features"


TEXT = Modality("text", "text", "texts", "Text", "text")
IMAGE = Modality("image", "picture", "pictures", "Picture", "pictures", ("image",))
# A film's sound track is a sound as well.
AUDIO = Modality("audio", "sound", "sounds", "Sound", "sounds", ("audio", "video"))
VIDEO = Modality("video", "film", "films", "Film", "films", ("video",))
MODALITIES = (TEXT, IMAGE, AUDIO, VIDEO)
# Those whose contents are files.
OF_MEDIA = tuple(one for one in MODALITIES if one.media)
# The kinds of media that become vectors of their own; documents are text.
MEDIA_KINDS = frozenset(kind for one in OF_MEDIA for kind in one.media)
BY_NAME = {one.name: one for one in MODALITIES}
