"""A map as a browser gets it: columns of bare bytes, legends, and selections back from it."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from embeddings.answers.maps.stored import Frame, StoredMap
from kg_platform.errors import BadInput

LAST = 65_535  # of a coordinate
NOWHERE = (LAST, LAST)  # an entity that another map does not have; the frame keeps points off it
NONE = 255  # of a colour: nothing is known
KINDS = 254  # that a legend tells apart; the others share the next number
BANDS = 5  # of a measure in its legend
CORNERS = 64  # of a lasso


@dataclass(frozen=True)
class LegendEntry:
    """A line of a legend: the codes `first` to `last`, and how many points have one of them."""

    label: str
    first: int
    last: int
    count: int


@dataclass(frozen=True)
class Colouring:
    """(n,) uint8, and what the numbers mean. `measure`: they are of a scale, from low to high."""

    codes: NDArray[np.uint8]
    legend: list[LegendEntry]
    measure: bool = False


def packed(name: str, values: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """A column: the length of its head, its head in JSON, its numbers in the order of little
    endian machines."""
    head = json.dumps({"name": name, "bytes": values.dtype.itemsize, "count": len(values)})
    text = head.encode()
    text += b" " * (-len(text) % 4)
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return len(text).to_bytes(4, "little") + text + little.tobytes()


def coordinates(points: NDArray[np.float32], frame: Frame) -> NDArray[np.uint16]:
    """(n, 2) points in the frame's square as whole numbers, y downwards; NaN is NOWHERE."""
    corner = np.array([frame.x - frame.half, frame.y - frame.half], np.float32)
    place = (points - corner) / (2 * frame.half)
    place[:, 1] = 1 - place[:, 1]
    steps = np.rint(np.clip(np.nan_to_num(place, nan=1.0), 0, 1) * (LAST - 1))
    whole: NDArray[np.uint16] = steps.astype(np.uint16)
    whole[np.isnan(points).any(1)] = NOWHERE
    return whole


def by_code(codes: NDArray[np.int16], names: Sequence[str], others: str, none: str) -> Colouring:
    """What a point is, by number; those after the most frequent 254 together as `others`."""
    shown = np.where(codes < 0, NONE, np.minimum(codes, KINDS)).astype(np.uint8)
    counts = np.bincount(shown, minlength=NONE + 1)
    legend = [
        LegendEntry(names[i] if i < KINDS else others, i, i, int(counts[i]))
        for i in range(min(len(names), KINDS + 1))
        if counts[i]
    ]
    if counts[NONE]:
        legend.append(LegendEntry(none, NONE, NONE, int(counts[NONE])))
    return Colouring(shown, legend)


def by_measure(values: NDArray[np.float16], none: str) -> Colouring:
    """Numbers in steps up to their 99th percentile, in bands of as many steps."""
    wide = values.astype(np.float32)
    known = np.isfinite(wide)
    shown = np.full(len(wide), NONE, np.uint8)
    legend: list[LegendEntry] = []
    if known.any():
        low, high = float(wide[known].min()), float(np.quantile(wide[known], 0.99))
        span = high - low or 1.0
        steps = np.rint(np.clip((wide[known] - low) / span, 0, 1) * (NONE - 1))
        shown[known] = steps.astype(np.uint8)
        edges = [round(i * NONE / BANDS) for i in range(BANDS + 1)]
        for first, stop in pairwise(edges):
            begin, end = (low + span * each / (NONE - 1) for each in (first, stop - 1))
            count = int(((shown >= first) & (shown < stop)).sum())
            label = f"{begin:.2f} – {end:.2f}" if stop < NONE else f"≥ {begin:.2f}"
            legend.append(LegendEntry(label, first, stop - 1, count))
        legend.reverse()
    if not known.all():
        legend.append(LegendEntry(none, NONE, NONE, int((~known).sum())))
    return Colouring(shown, legend, measure=True)


def places(found: StoredMap, cluster: int) -> tuple[float, float]:
    """Where a cluster's name stands: the middle of its points, in shares of the frame."""
    inside = coordinates(found.points[found.codes["cluster"] == cluster], found.frame)
    middle = np.median(inside, axis=0) / (LAST - 1)
    return float(middle[0]), float(middle[1])


def read_bits(text: str, count: int) -> NDArray[np.bool_]:
    """(n,) which points are selected: bits, the lowest first, compressed, in base 64.

    Raises:
        BadInput: it is no selection of so many points.
    """
    size = (count + 7) // 8
    try:
        raw = base64.b64decode(text, validate=True)
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        bits = unpacker.decompress(raw, size + 1)  # no more than there can be
    except (binascii.Error, zlib.error, ValueError) as error:
        raise BadInput("The selection cannot be read; select again.") from error
    if len(bits) != size:
        raise BadInput("The selection is of another map; select again.")
    return np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[:count].astype(bool)


def written_bits(mask: NDArray[np.bool_]) -> str:
    """The other way round, as a browser does it."""
    bits = np.packbits(mask, bitorder="little").tobytes()
    return base64.b64encode(gzip.compress(bits)).decode()


def read_lasso(text: str) -> NDArray[np.float64]:
    """(m, 2) corners, of an address: 4 hexadecimal digits a coordinate.

    Raises:
        BadInput: it is none.
    """
    if not re.fullmatch(r"(?:[0-9a-f]{8}){3,}", text) or len(text) > 8 * CORNERS:
        raise BadInput("The address names a selection that cannot be read; select again.")
    numbers = [int(text[i : i + 4], 16) for i in range(0, len(text), 4)]
    return np.array(numbers, np.float64).reshape(-1, 2)


def inside(points: NDArray[np.uint16], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n, 2) coordinates, (m, 2) corners -> (n,) which lie inside, by crossings. O(near x m)."""
    low, high = corners.min(0), corners.max(0)
    mask = np.asarray(((points >= low) & (points <= high)).all(1), bool)
    near = np.flatnonzero(mask)
    x, y = points[near].astype(np.float64).T
    odd = np.zeros(len(near), bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, 0), strict=True):
        if ay != by:
            crosses = (ay > y) != (by > y)
            odd ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    mask[near] = odd
    return mask


def elsewhere(
    found: StoredMap, ids: Sequence[str], other: StoredMap, place: Mapping[str, int]
) -> NDArray[np.uint16]:
    """(n, 2) where another map has the points of this one, in this one's frame; NOWHERE where it
    has none. `ids` are of this run's rows; `place`, id -> point of the other map."""
    points = np.full((found.count, 2), np.nan, np.float32)
    for point, row in enumerate(found.rows.tolist()):
        there = place.get(ids[row])
        if there is not None:
            points[point] = other.points[there]
    return coordinates(points, found.frame)


def by_state(count: int, stale: NDArray[np.int64], fitted: NDArray[np.int64]) -> NDArray[np.int16]:
    """(n,) 0 as it was trained, 1 changed since, 2 fitted after training."""
    codes = np.zeros(count, np.int16)
    codes[stale] = 1
    codes[fitted] = 2
    return codes
