"""Pictures to vectors: torchvision's ResNet50 and Hugging Face vision encoders.

Each model's own, fixed preprocessing is used; nothing is cropped at random. It is apart from the
model (`preparer`), so that other processes can do it while the model computes.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from embeddings.data.feature_matrix import Vectors
from embeddings.features.encoders.compiled import Compiled, notes_of
from embeddings.features.encoders.hardware import halved, products
from embeddings.features.encoders.presets import Chosen
from embeddings.features.encoders.protocols import Pixels, Preparer
from embeddings.features.encoders.text import answer_of
from embeddings.features.encoders.weights import digest_files, find_model, load
from embeddings.numerics.device import Precision, in_bf16
from kg_platform.errors import EncoderError

if TYPE_CHECKING:
    from PIL.Image import Image

_BATCH = {"cpu": 8, "cuda": 128}


class _NetworkImage(ABC):
    """What the learned picture encoders share: batches and unit length."""

    name: str
    revision: str
    dimension: int
    device: str
    bf16: bool
    preparer: Preparer

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how the vectors are computed here."""
        return notes_of(self._forward)

    def encode(self, contents: Sequence[Image], /) -> Vectors:
        """RGB pictures (n) -> (n, dimension) float32 unit vectors."""
        vectors = np.zeros((len(contents), self.dimension), dtype=np.float32)
        size = _BATCH[self.device]  # a batch of them prepared at a time: they are large
        for start in range(0, len(contents), size):
            prepared = [self.preparer(picture) for picture in contents[start : start + size]]
            vectors[start : start + size] = self.encode_prepared(prepared)
        return vectors

    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors:
        """What `preparer` made of pictures (n) -> (n, dimension) float32 unit vectors."""
        vectors = np.zeros((len(pixels), self.dimension), dtype=np.float32)

        def encode(rows: list[int]) -> None:
            batch = torch.from_numpy(np.stack([pixels[row] for row in rows]))
            unit = torch.nn.functional.normalize(self._pooled(batch).float(), dim=-1)
            vectors[rows] = unit.cpu().numpy()

        size = _BATCH[self.device]
        with torch.inference_mode(), products(self.bf16, self.device):
            for start in range(0, len(pixels), size):
                halved(list(range(start, min(start + size, len(pixels)))), encode)
        return vectors

    def _pooled(self, pixels: Tensor) -> Tensor:
        """Prepared pictures (B, 3, H, W) -> vectors (B, d)."""
        # Channels last is the order that convolutions are fast in, on a CPU as on a GPU.
        return self._forward(pixels.to(self.device).to(memory_format=torch.channels_last))

    def _set(self, forward: Callable[..., Tensor], bf16: bool, device: str) -> None:
        self.device, self.bf16 = device, bf16
        self._forward = Compiled(forward) if device == "cuda" else forward


@dataclass(frozen=True)
class _Torchvision:
    """A picture as torchvision's transforms prepare it; can be sent to another process."""

    transforms: Callable[[Image], Tensor]

    def __call__(self, picture: Image, /) -> Pixels:
        prepared: Pixels = self.transforms(picture.convert("RGB")).numpy()
        return prepared


@dataclass(frozen=True)
class _Processor:
    """A picture as a transformers image processor prepares it; can be sent to another process."""

    processor: Any

    def __call__(self, picture: Image, /) -> Pixels:
        given = self.processor(images=[picture.convert("RGB")], return_tensors="np")
        prepared: Pixels = np.asarray(given["pixel_values"][0], dtype=np.float32)
        return prepared


class ResNet50(_NetworkImage):
    """torchvision's ResNet50 (IMAGENET1K_V2) without its last layer, 2,048 dimensions.

    He et al., "Deep residual learning for image recognition", CVPR 2016. Preprocessing is that of
    the weights: shortest side 232, middle 224 x 224, ImageNet's mean and deviation. `resnet50:FILE`
    reads the weights from a .pth or .safetensors file; otherwise torch's own cache is used, and
    filled by a download when it is empty.
    """

    dimension = 2048

    def __init__(self, name: str, device: str, precision: Precision = "auto") -> None:
        from torchvision.models import ResNet50_Weights, resnet50

        weights = ResNet50_Weights.IMAGENET1K_V2
        given = name.partition(":")[2]
        file = Path(given).expanduser() if given else _cached_or_downloaded(weights)
        model = resnet50(weights=None)
        try:
            model.load_state_dict(_state(file))
            digest = digest_files([file])
        except Exception as error:  # torch and safetensors raise nearly everything on a bad file
            raise EncoderError(
                f"{file} does not hold the weights of torchvision's ResNet50; download "
                f"{_file_name(weights)} again."
            ) from error
        model.fc = torch.nn.Identity()
        bf16 = in_bf16(precision, torch.device(device))
        self.name = name
        self.revision = f"{digest[:16]}-224{'+bf16' if bf16 else ''}"
        self.preparer = _Torchvision(weights.transforms())
        self._set(model.eval().to(device, memory_format=torch.channels_last), bf16, device)


class HuggingFaceVision(_NetworkImage):
    """Any vision encoder that transformers can load: ViT, DINOv2, CLIP, SigLIP, ConvNeXt, ...

    A model with `get_image_features` answers for itself; else its pooled output is taken if that
    part was trained, else the first token of its last layer. No code of the model's own is run.
    """

    def __init__(self, chosen: Chosen, device: str, precision: Precision = "auto") -> None:
        files = find_model(chosen.place)
        self.name = chosen.name
        model, processor, lacking = load(chosen.name, files.folder, "vision", "AutoImageProcessor")
        self._model = model.to(device)
        self.preparer = _Processor(processor)
        if hasattr(self._model, "get_image_features"):
            self._pooling = "own"
        else:
            self._pooling = "first" if any("pooler" in key for key in lacking) else "pooled"
        bf16 = in_bf16(precision, torch.device(device))
        self.revision = f"{files.revision[:16]}-{self._pooling}{'+bf16' if bf16 else ''}"
        self._set(self._vectors, bf16, device)
        blank = torch.from_numpy(self.preparer(_blank())[None])
        with torch.inference_mode(), products(bf16, device):
            self.dimension = self._pooled(blank).shape[1]

    def _vectors(self, pixels: Tensor) -> Tensor:
        if self._pooling == "own":
            return answer_of(self._model.get_image_features(pixel_values=pixels))
        output = self._model(pixel_values=pixels)
        pooled = getattr(output, "pooler_output", None)
        if self._pooling == "pooled" and pooled is not None:
            return torch.flatten(pooled, 1)
        states: Tensor = output.last_hidden_state
        return states.mean((2, 3)) if states.ndim == 4 else states[:, 0]


def resnet50_is_here() -> bool:
    """Whether ResNet50 can be loaded without a network."""
    from torchvision.models import ResNet50_Weights

    return _cached(ResNet50_Weights.IMAGENET1K_V2).is_file()


def _cached(weights: Any) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / _file_name(weights)


def _cached_or_downloaded(weights: Any) -> Path:
    file = _cached(weights)
    if file.is_file():
        return file
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(
            weights.url, str(file), hash_prefix=file.stem.rpartition("-")[2], progress=False
        )
    except Exception as error:  # urllib's, ssl's and the disk's errors, and a wrong checksum
        raise EncoderError(
            f"ResNet50's weights cannot be downloaded here ({type(error).__name__}); put "
            f"{file.name} at {file}, or name the file with resnet50:PATH."
        ) from error
    return file


def _state(file: Path) -> Any:
    if file.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(file)
    return torch.load(file, map_location="cpu", weights_only=True)


def _file_name(weights: Any) -> str:
    return str(weights.url).rpartition("/")[2]


def _blank() -> Image:
    from PIL import Image as Pillow

    return Pillow.new("RGB", (32, 32))
