import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from kg_platform.errors import BadPicture
from kg_platform.media.isolated import Isolated
from kg_platform.media.pictures import decode_apart, decode_rgb, inspect

LIMIT = 1_000_000


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def enormous_png(width: int, height: int) -> bytes:
    """A tiny file that claims to be a very large picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        whole = kind + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"this is text, whatever its name says", "not a picture of a kind that is read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "does not say how large it is"),
        (encoded(noise())[:900], "cut off"),
        (encoded(noise(), "JPEG")[:700], "cut off"),
        (enormous_png(30_000, 30_000), "30,000 x 30,000"),
    ],
)
def test_what_is_not_a_usable_picture_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    for use in (inspect, decode_rgb):
        with pytest.raises(BadPicture, match=says) as caught:
            use(data, LIMIT)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("picture", "kind", "mime"),
    [
        (noise("CMYK"), "JPEG", "image/jpeg"),
        (noise("RGBA"), "PNG", "image/png"),
        (noise("P"), "GIF", "image/gif"),
        (noise("L"), "BMP", "image/bmp"),
        (noise("1"), "TIFF", "image/tiff"),
        (noise("RGB"), "WEBP", "image/webp"),
    ],
)
def test_every_kind_becomes_rgb(picture: Image.Image, kind: str, mime: str) -> None:
    data = encoded(picture, kind)
    assert inspect(data, LIMIT) == (mime, 40, 30)
    rgb = decode_rgb(data, LIMIT)
    assert (rgb.mode, rgb.size) == ("RGB", (40, 30))
    # The same picture, not a black or white square.
    assert np.asarray(rgb).std() > 10


def test_sixteen_bit_grey_keeps_its_shades() -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(1, 256).repeat(4, axis=0)
    rgb = np.asarray(decode_rgb(encoded(Image.fromarray(ramp)), LIMIT))
    assert rgb[0, 0, 0] == 0
    assert 120 <= rgb[0, 128, 0] <= 135
    assert rgb[0, 255, 0] == 255


def test_an_animation_is_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "lime")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_rgb(data, LIMIT).getpixel((4, 4)) == (255, 0, 0)


def test_transparency_lies_on_white() -> None:
    assert decode_rgb(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0))), LIMIT).getpixel((1, 1)) == (
        255,
        255,
        255,
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_turned_photograph_is_turned_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(noise(), kind, exif=exif)
    seen = (30, 40) if orientation > 4 else (40, 30)
    assert decode_rgb(data, LIMIT).size == seen
    info = inspect(data, LIMIT)
    assert (info.width, info.height) == seen, "as a person sees it"


def test_a_picture_nobody_has_looked_at_is_decoded_apart() -> None:
    data = encoded(noise("RGBA"))
    with Isolated(1) as decoders:
        found = decode_apart(data, LIMIT, decoders)
        assert (found.mode, found.tobytes()) == ("RGB", decode_rgb(data, LIMIT).tobytes())
        with pytest.raises(BadPicture, match="cut off"):
            decode_apart(data[:900], LIMIT, decoders)
    with Isolated(1, memory=2**24) as decoders, pytest.raises(BadPicture, match=r"cannot be used:"):
        decode_apart(data, LIMIT, decoders)


def test_the_limit_is_the_callers_and_pillow_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    assert Image.MAX_IMAGE_PIXELS is not None
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # of the process, for whoever else opens
    for kind in ("PNG", "JPEG", "GIF", "BMP"):
        data = encoded(noise(), kind)
        assert inspect(data, LIMIT).width == 40
        assert decode_rgb(data, LIMIT).size == (40, 30)
        with pytest.raises(BadPicture, match="more than the 1,199 allowed"):
            inspect(data, 1_199)
    with pytest.raises(BadPicture, match="scale it down or save it as PNG"):
        inspect(encoded(noise(), "TIFF"), LIMIT)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(encoded(noise())))
    assert Image.MAX_IMAGE_PIXELS == 100
    assert not recwarn.list


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_bytes_are_one_sentence_or_a_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    chance = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"):
        whole = encoded(noise(), kind, exif=exif)
        for _ in range(60):
            data = bytearray(whole)
            data[chance.integers(min(len(data), 200))] = chance.integers(256)
            for use in (inspect, decode_rgb):
                with suppress(BadPicture):
                    use(bytes(data), LIMIT)
