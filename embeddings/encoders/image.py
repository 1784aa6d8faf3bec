"""Pictures to vectors: torchvision's ResNet50 and Hugging Face vision encoders.

Each model's own, fixed preprocessing is used; nothing is cropped at random.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from embeddings.encoders import Vectors
from embeddings.encoders.text import answer_of
from embeddings.encoders.weights import digest_files, find_model, load
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

    def encode(self, contents: Sequence[Image], /) -> Vectors:
        """RGB pictures (n) -> (n, dimension) float32 unit vectors."""
        vectors = np.zeros((len(contents), self.dimension), dtype=np.float32)
        size = _BATCH[self.device]
        with torch.inference_mode():
            for start in range(0, len(contents), size):
                pooled = self._pooled([p.convert("RGB") for p in contents[start : start + size]])
                unit = torch.nn.functional.normalize(pooled.float(), dim=-1)
                vectors[start : start + size] = unit.cpu().numpy()
        return vectors

    @abstractmethod
    def _pooled(self, pictures: list[Image]) -> Tensor:
        """RGB pictures (B) -> vectors (B, d)."""


class ResNet50(_NetworkImage):
    """torchvision's ResNet50 (IMAGENET1K_V2) without its last layer, 2,048 dimensions.

    He et al., "Deep residual learning for image recognition", CVPR 2016. Preprocessing is that of
    the weights: shortest side 232, middle 224 x 224, ImageNet's mean and deviation. `resnet50:FILE`
    reads the weights from a .pth or .safetensors file; otherwise torch's own cache is used, and
    filled by a download when it is empty.
    """

    dimension = 2048

    def __init__(self, name: str, device: str) -> None:
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
        self.name = "resnet50"
        self.revision = f"{digest[:16]}-224"
        self.device = device
        self._model = model.eval().to(device)
        self._prepare: Any = weights.transforms()

    def _pooled(self, pictures: list[Image]) -> Tensor:
        pixels = torch.stack([self._prepare(picture) for picture in pictures])
        vectors: Tensor = self._model(pixels.to(self.device))
        return vectors


class HuggingFaceVision(_NetworkImage):
    """Any vision encoder that transformers can load: ViT, DINOv2, CLIP, SigLIP, ConvNeXt, ...

    A model with `get_image_features` answers for itself; else its pooled output is taken if that
    part was trained, else the first token of its last layer. No code of the model's own is run.
    """

    def __init__(self, name: str, device: str) -> None:
        files = find_model(name)
        self.name = name
        self.device = device
        model, self._prepare, lacking = load(name, files.folder, "vision", "AutoImageProcessor")
        self._model = model.to(device)
        if hasattr(self._model, "get_image_features"):
            self._pooling = "own"
        else:
            self._pooling = "first" if any("pooler" in key for key in lacking) else "pooled"
        self.revision = f"{files.revision[:16]}-{self._pooling}"
        with torch.inference_mode():
            self.dimension = self._pooled([_blank()]).shape[1]

    def _pooled(self, pictures: list[Image]) -> Tensor:
        given = self._prepare(images=pictures, return_tensors="pt").to(self.device)
        if self._pooling == "own":
            return answer_of(self._model.get_image_features(pixel_values=given["pixel_values"]))
        output = self._model(**given)
        pooled = getattr(output, "pooler_output", None)
        if self._pooling == "pooled" and pooled is not None:
            return torch.flatten(pooled, 1)
        states: Tensor = output.last_hidden_state
        return states.mean((2, 3)) if states.ndim == 4 else states[:, 0]


def _cached_or_downloaded(weights: Any) -> Path:
    file = Path(torch.hub.get_dir()) / "checkpoints" / _file_name(weights)
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
