"""Which region of a picture carries its likeness: by the classical descriptor, by a plain one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from embeddings.answers.picture_reasons import Vectors, picture_reasons
from embeddings.features.encoders.classical import Classical


def redness(pictures: Sequence[Image.Image]) -> Vectors:
    """How much red there is, against how much of anything."""
    rows = []
    for picture in pictures:
        red, green, _ = np.asarray(picture, np.float32).reshape(-1, 3).mean(0)
        rows.append([red - green, 20.0])
    found = np.array(rows, np.float32)
    unit: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def test_the_corner_that_is_red() -> None:
    picture = Image.new("RGB", (160, 80), "white")
    picture.paste("red", (0, 0, 40, 20))  # two by two cells of eight
    target = redness([Image.new("RGB", (8, 8), "red")])[0]
    found = picture_reasons(picture, target, redness, 8)
    assert {(0, 0), (0, 1), (1, 0), (1, 1)} <= set(found.cells)
    assert len(found.cells) == 8
    assert found.drop > 0
    assert found.beats >= 0.95 * found.of


def test_an_even_picture_has_no_region() -> None:
    picture = Image.new("RGB", (64, 64), "red")
    target = redness([picture])[0]
    found = picture_reasons(picture, target, redness, 8)
    assert found.cells == ()
    assert found.cosine > 0.999


def test_a_picture_smaller_than_the_grid() -> None:
    encoder = Classical()
    picture = Image.effect_noise((3, 2), 50).convert("RGB")
    target = encoder.encode([Image.new("RGB", (9, 9), "blue")])[0]
    assert picture_reasons(picture, target, encoder.encode, 8).grid == 8


def test_the_same_twice_is_the_same_answer() -> None:
    encoder = Classical()
    picture = Image.radial_gradient("L").convert("RGB")
    target = encoder.encode([Image.linear_gradient("L").convert("RGB")])[0]
    first, second = (picture_reasons(picture, target, encoder.encode, 8) for _ in range(2))
    assert first == second
