"""Pictures: is this one, and what does it look like in plain RGB? The only decoder of pictures."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from kg_platform.errors import BadPicture, DecoderFailed
from kg_platform.media import drawings, previews
from kg_platform.media.isolated import Isolated

_MIME = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
}
_FORMATS = [name for name in _MIME if name != "MPO"]  # Pillow opens MPO through its JPEG reader

_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, MemoryError, IndexError, struct.error,
    RuntimeError,  # of AVIF
)  # fmt: skip
_ORIENTATION = 0x0112
_TURNED = range(5, 9)  # values of the orientation whose picture lies on its side
_UPRIGHT = dict(enumerate((
    Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
), 2))  # fmt: skip
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
_SCALED = frozenset({"RGB", "RGBA", "L", "CMYK", "YCbCr"})  # modes that can be scaled as they are
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
NAMES = "PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF, SVG and, with the extra `heic`, HEIC"


Bytes = NDArray[np.uint8]


def is_picture(data: bytes) -> bool:
    """Whether it begins as a picture of a kind that is read, whatever comes then."""
    return (
        drawings.is_drawing(data)
        or _may_be_heic(data)
        or any(accepts is None or accepts(data[:16]) is True for _, accepts in _openers())
    )


class PictureInfo(NamedTuple):
    """What the graph keeps of a picture; width and height in pixels, as a person sees it: turned
    upright as its EXIF orientation says."""

    mime: str
    width: int
    height: int


def inspect(data: bytes, max_pixels: int) -> PictureInfo:
    """Decode the picture completely, and say what it is.

    Raises:
        BadPicture: empty, not a picture, of another format, too large, or cut off.
    """
    with _opened(data, max_pixels) as picture:
        return _info(data, picture, max_pixels)


class PictureLook(NamedTuple):
    """A picture, a small one to show for it (None: it is small itself), and what tells whether
    another looks like it, as `previews.likeness`."""

    info: PictureInfo
    small: bytes | None
    likeness: str


def look(data: bytes, max_pixels: int) -> PictureLook:
    """All of it with one decoding.

    Raises:
        BadPicture: as `inspect`.
    """
    with _opened(data, max_pixels) as picture:
        info = _info(data, picture, max_pixels)
        small = previews.smaller(picture) if picture.mode in _SCALED else _to_rgb(picture)
        small = previews.smaller(_to_rgb(small))
        orientation = picture.getexif().get(_ORIENTATION)
        if orientation in _UPRIGHT:
            small = small.transpose(_UPRIGHT[orientation])
        needed = needs_small(info.mime, info.width, info.height)
        return PictureLook(
            info, previews.packed(small) if needed else None, previews.likeness(small)
        )


def needs_small(mime: str, width: int, height: int) -> bool:
    """Whether a picture cannot stand for itself: browsers do not show it, or it is large."""
    return mime not in _SHOWN or previews.share(width, height) > 1


def _info(data: bytes, picture: Image.Image, max_pixels: int) -> PictureInfo:
    picture.load()
    _refuse_large(picture, max_pixels)  # a first frame may reach beyond what the file says
    if drawings.is_drawing(data):
        drawing = drawings.read(data)
        return PictureInfo(
            drawings.MIME, max(round(drawing.width), 1), max(round(drawing.height), 1)
        )
    width, height = picture.size
    if picture.getexif().get(_ORIENTATION) in _TURNED:
        width, height = height, width
    return PictureInfo(_MIME[str(picture.format)], width, height)


def decode_rgb(data: bytes, max_pixels: int) -> Image.Image:
    """The picture as 8-bit RGB: first frame, turned upright, transparency on white.

    Raises:
        BadPicture: as `inspect`.
    """
    with _opened(data, max_pixels) as picture:
        return rgb(picture, max_pixels)


def decode_apart(data: bytes, max_pixels: int, decoders: Isolated) -> Image.Image:
    """As `decode_rgb`, of bytes that nobody has looked at: in a process with limits.

    Raises:
        BadPicture: as `inspect`, or its decoder died. Unavailable: as `Isolated.run`.
    """
    try:
        return Image.fromarray(decoders.run(pixels, data, max_pixels))
    except DecoderFailed as error:
        raise BadPicture(f"The picture cannot be used: {error}.") from error


def pixels(data: bytes, max_pixels: int) -> Bytes:
    """As `decode_rgb`, (h, w, 3): what a worker of `isolated.py` sends back."""
    return np.asarray(decode_rgb(data, max_pixels))


def rgb(picture: Image.Image, max_pixels: int) -> Image.Image:
    """An open picture as `decode_rgb` gives it.

    Raises:
        BadPicture: it is too large, or cut off.
    """
    _refuse_large(picture, max_pixels)
    with _whole():
        picture.load()
        return _to_rgb(ImageOps.exif_transpose(picture))


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        # 16-bit and 32-bit grey: scale the range that is there, a plain convert() clips at 255.
        grey = picture.convert("F")
        brightest = float(grey.getextrema()[1])  # type: ignore[arg-type]
        top = 65535.0 if picture.mode.startswith("I;16") else max(brightest, 1.0)
        return grey.point(lambda value: value * (255.0 / top)).convert("L").convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, layered).convert("RGB")
    return picture.convert("RGB")


def _refuse_large(picture: Image.Image, max_pixels: int) -> None:
    if picture.width * picture.height > max_pixels:
        raise BadPicture(
            f"The picture has {picture.width:,} x {picture.height:,} pixels, more than "
            f"the {max_pixels:,} allowed; scale it down or raise KG_MAX_PICTURE_PIXELS."
        )


@contextmanager
def _opened(data: bytes, max_pixels: int) -> Iterator[Image.Image]:
    if not data:
        raise BadPicture("The picture file is empty (0 bytes); replace it.")
    with _whole(), _identified(data) as picture:
        _refuse_large(picture, max_pixels)
        yield picture


def _identified(data: bytes) -> Image.Image:
    """As `Image.open`, which also holds every picture against a limit of the whole process; ours
    is the caller's, checked before any pixel is decoded."""
    if drawings.is_drawing(data):
        return drawings.drawn(drawings.read(data))
    found = _taken(data)
    if found is None and _may_be_heic(data):  # AVIF may begin so, too, and needs no extra
        _open_heic()
        found = _taken(data)
    if found is None:
        raise UnidentifiedImageError
    return found


def _taken(data: bytes) -> Image.Image | None:
    """By the first opener that knows it."""
    for make, accepts in _openers():
        if accepts is not None and accepts(data[:16]) is not True:
            continue
        # What these say is "no such picture"; Pillow's own `open` goes on to the next kind, too.
        with suppress(SyntaxError, IndexError, TypeError, struct.error):
            found: Image.Image = make(io.BytesIO(data), "")
            return found
    return None


def _openers() -> Iterator[tuple[Any, Any]]:
    """(what makes a picture of bytes, what says whether they begin as one) of each kind."""
    Image.preinit()
    for name in _FORMATS:
        if name not in Image.OPEN:
            Image.init()
        if name in Image.OPEN:
            yield Image.OPEN[name]


def _may_be_heic(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC


def _open_heic() -> None:
    """
    Raises:
        BadPicture: the extra is not installed.
    """
    try:
        import pillow_heif  # late: an extra, and few pictures are such
    except ModuleNotFoundError as error:
        raise BadPicture(
            "HEIC pictures need the extra `heic`, which is not installed: "
            "`pip install 'kg-platform[heic]'`."
        ) from error
    if "HEIF" not in Image.OPEN:
        pillow_heif.register_heif_opener()


@contextmanager
def _whole() -> Iterator[None]:
    """Around reading a picture: what Pillow says of what is none, or not whole, in our words."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise BadPicture(
            f"The file is not a picture of a kind that is read, whatever its name says: {NAMES}."
        ) from error
    except Image.DecompressionBombError as error:
        # WebP, GIF and TIFF are held against the limit of the process all the same.
        raise BadPicture(
            "A picture of this kind cannot be read with so many pixels; scale it down or save it "
            "as PNG."
        ) from error
    except _BROKEN as error:
        raise BadPicture(f"The picture is cut off or damaged ({error}); replace it.") from error
