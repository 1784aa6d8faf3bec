"""A classical descriptor of a picture's colour, layout and shape. Nothing in it is learned.

A picture is shrunk to 64 x 64 pixels, whatever its proportions, and described by three blocks:

- colour (272): a histogram of 12 hues and 4 greys over the whole picture and over each of 4 x 4
  cells. A pixel counts for its hue as far as it is coloured, and for its grey as far as it is not;
  between two neighbouring bins it is shared. Square roots are taken, which makes the dot product
  of two histograms their Bhattacharyya coefficient (Arandjelovic and Zisserman, CVPR 2012).
- layout (192): the picture as 8 x 8 pixels, brightness and two opponent colours, middle at zero.
- shape (128): 8 orientations of edges, without sign, in each of 4 x 4 cells
  (after Dalal and Triggs, "Histograms of oriented gradients", CVPR 2005).

Each block has length 1 and is weighted; the whole, 592 numbers, has length 1. It finds pictures
that look alike. It does not know what is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from embeddings.data.feature_matrix import Vectors
from embeddings.features.encoders.protocols import Pixels, Preparer

if TYPE_CHECKING:
    from PIL.Image import Image

Floats = npt.NDArray[np.float32]

_SIDE = 64
_CELLS = 4
_HUES, _GREYS, _ORIENTATIONS = 12, 4, 8
_THUMBNAIL = 8
_WEIGHTS = {"colour": 1.0, "layout": 1.0, "shape": 0.7}
_BATCH = 64


class Classical:
    """The classical colour/layout/shape descriptor, 592 dimensions, on numpy and Pillow alone."""

    name = "classical"
    revision = "1"
    dimension = (1 + _CELLS**2) * (_HUES + _GREYS) + 3 * _THUMBNAIL**2 + _CELLS**2 * _ORIENTATIONS

    @property
    def preparer(self) -> Preparer:
        return small

    def encode(self, contents: Sequence[Image], /) -> Vectors:
        """Pictures (n) -> (n, 592) float32 unit vectors."""
        return self.encode_prepared([small(picture) for picture in contents])

    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors:
        """Pictures as `small` makes them (n) -> (n, 592) float32 unit vectors."""
        vectors = np.zeros((len(pixels), self.dimension), dtype=np.float32)
        for start in range(0, len(pixels), _BATCH):
            batch = np.stack(pixels[start : start + _BATCH])
            vectors[start : start + len(batch)] = describe(batch)
        return vectors


def describe(pixels: Floats) -> Floats:
    """Pixels (n, 64, 64, 3) of red, green, blue in 0..1 -> descriptors (n, 592) of length 1."""
    brightness = pixels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    blocks = {
        "colour": colour(pixels, brightness),
        "layout": layout(pixels, brightness),
        "shape": shape(brightness),
    }
    return _unit(np.hstack([_WEIGHTS[name] * _unit(block) for name, block in blocks.items()]))


def colour(pixels: Floats, brightness: Floats) -> Floats:
    """(n, 64, 64, 3) and (n, 64, 64) -> square roots of shares of colours (n, 17 * 16)."""
    top, bottom = pixels.max(-1), pixels.min(-1)
    chroma = top - bottom
    bins = np.concatenate(
        [
            _shared(_hue(pixels, top, chroma) * _HUES, _HUES, circular=True) * chroma[..., None],
            _shared(brightness * (_GREYS - 1), _GREYS) * (1 - chroma)[..., None],
        ],
        axis=-1,
    )
    cells = _cell_means(bins)
    whole = cells.mean((1, 2))[:, None]
    histograms = np.concatenate([whole, cells.reshape(len(pixels), _CELLS**2, -1)], axis=1)
    # The whole picture counts as much as its cells together.
    histograms[:, 0] *= _CELLS**2
    rooted: Floats = np.sqrt(histograms)
    return rooted.reshape(len(pixels), -1)


def layout(pixels: Floats, brightness: Floats) -> Floats:
    """(n, 64, 64, 3) and (n, 64, 64) -> small pictures in opponent colours (n, 3 * 8 * 8)."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    planes = np.stack([brightness - 0.5, red - green, (red + green) / 2 - blue], axis=-1)
    side = _SIDE // _THUMBNAIL
    small: Floats = planes.reshape(len(pixels), _THUMBNAIL, side, _THUMBNAIL, side, 3).mean((2, 4))
    return small.reshape(len(pixels), -1)


def shape(brightness: Floats) -> Floats:
    """(n, 64, 64) -> orientations of edges by cell (n, 16 * 8); zero for an even picture."""
    padded = np.pad(brightness, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    strength = np.hypot(across, down)
    angle = np.arctan2(down, across) / np.pi % 1.0  # an edge and its reverse are the same
    edges = _shared(angle * _ORIENTATIONS, _ORIENTATIONS, circular=True) * strength[..., None]
    cells: Floats = _cell_means(edges).reshape(len(brightness), _CELLS**2, _ORIENTATIONS)
    # Faint edges in one cell should count beside strong ones in another, noise should not.
    cells = cells / (np.linalg.norm(cells, axis=-1, keepdims=True) + 0.02)
    return cells.reshape(len(brightness), -1)


def small(picture: Image) -> Floats:
    """A picture -> (64, 64, 3) float32: red, green, blue in 0..1."""
    from PIL import Image as Pillow

    scaled = picture.convert("RGB").resize((_SIDE, _SIDE), Pillow.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(scaled, dtype=np.float32) / np.float32(255)


def _hue(pixels: Floats, top: Floats, chroma: Floats) -> Floats:
    """The angle of a colour as a share of the circle, 0..1: red 0, green 1/3, blue 2/3."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    safe = np.where(chroma > 0, chroma, 1)
    sixth = np.where(
        top == red,
        (green - blue) / safe,
        np.where(top == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    share: Floats = (sixth / 6 % 1.0).astype(np.float32)
    return share


def _shared(position: Floats, bins: int, circular: bool = False) -> Floats:
    """Positions (...) in 0..bins -> weights (..., bins): 1, shared between the two nearest bins."""
    distance: Floats = np.abs(position[..., None] - np.arange(bins, dtype=np.float32))
    if circular:
        distance = np.minimum(distance, bins - distance)
    weights: Floats = np.maximum(0, 1 - distance)
    return weights


def _cell_means(planes: Floats) -> Floats:
    """(n, 64, 64, k) -> means over cells (n, 4, 4, k)."""
    side = _SIDE // _CELLS
    means: Floats = planes.reshape(len(planes), _CELLS, side, _CELLS, side, -1).mean((2, 4))
    return means


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    unit: Floats = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit
