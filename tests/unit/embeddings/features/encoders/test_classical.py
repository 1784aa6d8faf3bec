"""The classical descriptor finds what looks alike, for every kind of picture file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from embeddings.features.encoders.classical import Classical
from kg_platform.media.pictures import decode_rgb


def flag(colours: tuple[str, ...], upright: bool = True) -> Image.Image:
    """Stripes, with a disc near the left upper corner."""
    picture = Image.new("RGB", (90, 60))
    draw = ImageDraw.Draw(picture)
    for i, colour in enumerate(colours):
        step = (90 if upright else 60) / len(colours)
        low, high = int(i * step), int((i + 1) * step)
        draw.rectangle((low, 0, high, 60) if upright else (0, low, 90, high), fill=colour)
    draw.ellipse((5, 5, 25, 25), fill="white")
    return picture


def similarity(a: Image.Image, b: Image.Image) -> float:
    return float(np.dot(*Classical().encode([a, b])))


def test_alike_pictures_are_nearer() -> None:
    france = flag(("blue", "white", "red"))
    close = flag(("navy", "white", "crimson"))
    mirrored = ImageOps.mirror(france)
    other = flag(("green", "yellow"), upright=False)
    assert similarity(france, france) == pytest.approx(1, abs=1e-5)
    assert similarity(france, france.resize((33, 77))) > 0.95
    assert 1 > similarity(france, close) > similarity(france, mirrored)
    assert similarity(france, mirrored) > similarity(france, other)


def test_colour_layout_and_shape_each_count() -> None:
    base = flag(("blue", "white", "red"))
    recoloured = flag(("green", "white", "yellow"))
    turned = flag(("blue", "white", "red"), upright=False)
    other = flag(("green", "yellow", "green", "yellow"), upright=False)
    assert similarity(base, recoloured) > similarity(base, other)  # same shape
    assert similarity(base, turned) > similarity(base, other)  # same colours
    assert max(similarity(base, recoloured), similarity(base, turned)) < 0.95


def test_its_dimension_is_the_documented_one() -> None:
    assert Classical().dimension == 592
    assert Classical().encode([Image.new("L", (3, 3))]).shape == (1, 592)


def test_every_kind_of_file_gives_about_the_same_descriptor() -> None:
    base = flag(("blue", "white", "red"))
    grey = base.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    files = {
        "png": (base, "PNG", {}, base),
        "jpeg": (base, "JPEG", {"quality": 95}, base),
        "cmyk": (base.convert("CMYK"), "JPEG", {"quality": 95}, base),
        "palette": (base.convert("P", palette=Image.Palette.ADAPTIVE), "PNG", {}, base),
        "alpha": (base.convert("RGBA"), "PNG", {}, base),
        "animated": (base, "GIF", {"save_all": True, "append_images": [grey]}, base),
        "16-bit": (deep, "PNG", {}, grey),
        "one bit": (grey.convert("1", dither=Image.Dither.NONE), "PNG", {}, None),
    }
    for name, (picture, kind, options, like) in files.items():
        file = io.BytesIO()
        picture.save(file, kind, **options)  # type: ignore[arg-type]
        decoded = decode_rgb(file.getvalue(), 10**6)
        vector = Classical().encode([decoded])
        assert np.isfinite(vector).all(), name
        if like is not None:
            assert similarity(decoded, like) > 0.97, name


def test_even_pictures_have_a_descriptor_too() -> None:
    even = [Image.new("RGB", (4, 4), colour) for colour in ("black", "white", "grey", "red")]
    vectors = Classical().encode(even)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
