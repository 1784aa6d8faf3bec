"""What a medium is, whatever its name and its header say."""

from __future__ import annotations

import io
import socket
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kg_platform.errors import BadMedium
from kg_platform.media.described import Described, Looked, describe
from kg_platform.media.isolated import Isolated
from kg_platform.records import NO_LIKENESS
from tests.support.clips import film, sound, tone, wav

LIMIT = 1_000_000


def described(data: bytes) -> Described:
    return describe(data, LIMIT).described


def small(data: bytes) -> Image.Image:
    found = describe(data, LIMIT).small
    assert found is not None
    return Image.open(io.BytesIO(found)).convert("RGB")


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, kind, **options)
    return packed.getvalue()


def landscape(size: tuple[int, int] = (900, 700)) -> Image.Image:
    """Something to see: soft spots of colour, the same each time."""
    spots = np.random.default_rng(0).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(spots).resize(size, Image.Resampling.BICUBIC)


def differing(one: str | None, other: str | None) -> int:
    assert one
    assert other
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.mark.parametrize(
    ("form", "codec", "mime", "said"),
    [
        ("flac", "flac", "audio/flac", "flac"),
        ("mp3", "mp3", "audio/mpeg", "mp3"),
        ("ogg", "libopus", "audio/ogg", "opus"),
        ("ipod", "aac", "audio/mp4", "aac"),
    ],
)
def test_sound(form: str, codec: str, mime: str, said: str) -> None:
    found = described(sound(form, codec, tone(1.0, 48_000, channels=2), 48_000))
    assert (found.kind, found.mime, found.codec) == ("audio", mime, said)
    assert (found.rate, found.channels, found.width) == (48_000, 2, None)
    assert found.duration == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("form", "codec", "mime"),
    [
        ("mp4", "libx264", "video/mp4"),
        ("webm", "libvpx-vp9", "video/webm"),
        ("matroska", "libx264", "video/x-matroska"),
    ],
)
def test_film(form: str, codec: str, mime: str) -> None:
    found = described(film(form, codec, size=(64, 48)))
    assert (found.kind, found.mime) == ("video", mime)
    assert (found.width, found.height, found.rate) == (64, 48, None)
    assert found.duration == pytest.approx(1.0, abs=0.02)
    assert found.frame_rate == pytest.approx(10, rel=0.02)


def test_film_with_sound() -> None:
    found = described(film(sounding=True))
    assert (found.kind, found.rate, found.channels, found.codec) == ("video", 48_000, 1, "h264")


def test_a_wav_whose_header_lies_is_as_long_as_its_sound() -> None:
    data = bytearray(wav(tone(2.0)))
    data[40:44] = struct.pack("<I", 100 * len(data))
    assert described(bytes(data)).duration == pytest.approx(2.0)
    assert described(bytes(data[: len(data) // 2])).duration == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (np.zeros((8_000, 1), np.int16), 8_000),  # silent
        (np.sign(tone(1.0)) * np.int16(32_767), 8_000),  # clipped
        (tone(1.0, 192_000), 192_000),
    ],
)
def test_odd_sound_is_sound(samples: np.ndarray, rate: int) -> None:
    found = described(wav(samples, rate))
    assert (found.rate, found.duration) == (rate, pytest.approx(1.0))


def test_five_channels_and_one() -> None:
    found = described(sound("flac", "flac", tone(0.5, 48_000, channels=6)))
    assert (found.channels, found.duration) == (6, pytest.approx(0.5))


def test_a_film_of_ten_hours_by_its_time_stamps() -> None:
    hours = film(frames=3, times=[0, 180_000, 360_000])
    # The file gives its last picture as long as the one before.
    assert described(hours).duration == pytest.approx(54_000)
    assert described(film(frames=1)).duration == pytest.approx(0.1)
    uneven = film("matroska", frames=4, times=[0, 1, 10, 30])
    assert described(uneven).duration == pytest.approx(3.1, abs=0.1)


def test_a_film_on_its_side() -> None:
    found = described(film(size=(64, 48), rotated=90))
    assert (found.width, found.height) == (48, 64)


def test_a_film_without_pictures_is_sound() -> None:
    found = described(sound("mp4", "aac", tone(0.5, 48_000)))
    assert (found.kind, found.mime, found.width) == ("audio", "audio/mp4", None)


def test_the_cover_of_an_album_is_no_film() -> None:
    cover = b"\x00image/png\x00\x03\x00" + encoded(landscape((60, 40)), "PNG")
    frame = b"APIC" + struct.pack(">I", len(cover)) + b"\x00\x00" + cover
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    data = b"ID3\x03\x00\x00" + size + frame + sound("mp3", "mp3")
    found = described(data)
    assert (found.kind, found.mime, found.width) == ("audio", "audio/mpeg", None)


def test_a_gif_is_a_picture_also_one_that_moves() -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    found = described(data)
    assert (found.kind, found.mime, found.width, found.height) == ("image", "image/gif", 20, 10)


def test_what_is_cut_off_or_has_a_broken_index_is_shorter_or_refused() -> None:
    """In a process of its own, as in an ingest: whatever the bytes are, there is an answer."""
    rng = np.random.default_rng(0)
    whole = {
        "mp4": film(frames=30, sounding=True),
        "mkv": film("matroska", frames=30),
        "webm": film("webm", "libvpx-vp9", frames=30),
        "flac": sound("flac", "flac"),
        "ogg": sound("ogg", "libopus"),
        "mp3": sound("mp3", "mp3"),
        "png": encoded(landscape((64, 48)), "PNG"),
        "avif": encoded(landscape((64, 48)), "AVIF"),
    }
    said: list[str] = []
    with Isolated(1) as pool:
        cut = pool.run(describe, whole["mkv"][: 3 * len(whole["mkv"]) // 4], LIMIT).described
        assert cut.kind == "video"
        assert 0 < (cut.duration or 0) < 3.0
        for data in whole.values():
            for _ in range(8):
                broken = bytearray(data)
                for place in rng.integers(0, len(data), 20):
                    broken[place] = rng.integers(0, 256)
                broken = broken[: int(rng.integers(len(data) // 2, len(data) + 1))]
                try:
                    said.append(pool.run(describe, bytes(broken), LIMIT).described.kind)
                except BadMedium as error:
                    said.append(str(error))
    assert len(said) == 8 * len(whole)
    assert not any("\n" in one for one in said)


def test_a_picture_is_one_under_any_name() -> None:
    data = encoded(Image.new("RGB", (7, 5)), "PNG")
    assert describe(data, LIMIT) == Looked(
        Described("image", "image/png", 7, 5, likeness=NO_LIKENESS)
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:1/x.ts\n", "playlist"),
        (b"I am text", "of no kind that is read"),
        (wav(tone(0.0)), "no sound"),
        (film()[:700], "cut off or damaged"),
        (film(size=(1_600, 1_200), frames=1), "1,600 x 1,200 pixels"),
    ],
)
def test_what_is_none_is_refused_in_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(BadMedium, match=why) as caught:
        described(data)
    assert "\n" not in str(caught.value)


def test_pictures_that_look_alike_have_hashes_that_are_alike() -> None:
    whole = landscape()
    like = described(encoded(whole, "PNG")).likeness
    for other in (
        encoded(whole, "JPEG", quality=30),
        encoded(whole.resize((300, 233)), "WEBP"),
        encoded(whole, "AVIF"),
    ):
        assert differing(like, described(other).likeness) <= 4
    assert differing(like, described(encoded(whole.rotate(180), "PNG")).likeness) > 16
    plain = encoded(Image.new("RGB", (900, 700), "red"), "PNG")
    assert described(plain).likeness == NO_LIKENESS, "one colour is like everything"


def test_a_small_picture_is_upright_and_not_much_longer_than_it_has_to_be() -> None:
    wide = landscape((1_500, 400))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(wide, "JPEG", exif=exif)
    assert described(turned)[2:4] == (400, 1_500)
    shown = small(turned)
    assert shown.size == (200, 750)
    upright = np.asarray(wide.rotate(-90, expand=True).resize(shown.size), float)
    assert np.abs(np.asarray(shown, float) - upright).mean() < 6
    assert describe(encoded(landscape((600, 400)), "JPEG"), LIMIT).small is None


def test_a_heic_picture_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    data = encoded(landscape((320, 200)), "HEIF")
    found = described(data)
    assert (found.kind, found.mime, found.width, found.height) == (
        "image", "image/heic", 320, 200,
    )  # fmt: skip
    assert small(data).size == (320, 200), "browsers do not show it as it is"
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF")
    for brand in (b"heic", b"mif1"):
        with pytest.raises(BadMedium, match=r"kg-platform\[heic\]"):
            described(data.replace(b"ftypheic", b"ftyp" + brand, 1))
    avif = encoded(landscape((320, 200)), "AVIF").replace(b"ftypavif", b"ftypmif1", 1)
    assert described(avif).mime == "image/avif", "it begins as HEIC may, and is none"


SVG = b"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' %s</svg>"
RED = b"<rect width='20' height='20' fill='red'/>"


@pytest.mark.parametrize(
    ("more", "size"),
    [
        (b"viewBox='0 0 40 20'>", (40, 20)),
        (b"width='40mm' viewBox='0 0 40 20'>", (151, 76)),
        (b"width='30' height='60'>", (30, 60)),
    ],
)
def test_a_drawing(more: bytes, size: tuple[int, int]) -> None:
    found = described(SVG % (more + RED))
    assert (found.kind, found.mime) == ("image", "image/svg+xml")
    assert (found.width, found.height) == size
    shown = small(SVG % (more + RED))
    assert max(shown.size) == 1_024
    assert shown.getpixel((5, 5)) == pytest.approx((254, 0, 0), abs=3)
    assert shown.getpixel((shown.width - 5, shown.height - 5)) == (255, 255, 255)


def test_a_drawing_asks_for_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (20, 20), "blue").save(secret)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        port = listening.getsockname()[1]
        inside = (
            "viewBox='0 0 40 20' onload='alert(1)'><script>alert(1)</script>"
            f"<style>@import url(http://127.0.0.1:{port}/a.css);</style>"
            f"<image xlink:href='http://127.0.0.1:{port}/a.png' width='20' height='20'/>"
            f"<image href='{secret}' width='20' height='20'/>"
            f"<image href='file://{secret}' width='20' height='20'/>"
        )
        data = SVG % inside.encode()
        shown = small(data)
        with pytest.raises(TimeoutError):
            listening.accept()
    assert np.asarray(shown).min() > 250, "nothing is drawn, neither of the web nor of the disk"


def _bomb() -> bytes:
    entities = [b'<!ENTITY a0 "aaaaaaaaaa">']
    entities += [b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)]
    text = b"<text>&a11;</text>"
    return b"<!DOCTYPE s [%s]>" % b"".join(entities) + SVG % (b"viewBox='0 0 1 1'>" + text)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_bomb(), "amplification"),
        (b"<!DOCTYPE s [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
         + SVG % b"viewBox='0 0 1 1'><text>&x;</text>", "undefined entity"),
        (SVG[:60], "cut off"),
        (SVG % b">", "viewBox"),
        (SVG % b"width='1e20' height='1'>", "correct its width"),
        (SVG % b"width='1' height='1e999'>", "1 x inf pixels"),
        (SVG % b"viewBox='0 0 1e300 1e-300'>", "correct its width"),
        (SVG % b"width='1' viewBox='0 0 1e-320 1e300'>", "1 x inf pixels"),
        (SVG % b"width='1' viewBox='0 0 1E400 1e400'>", "1 x nan pixels"),
        (SVG % b"width='1.2.3' height='5'>", "does not say how large"),
        pytest.param(SVG % b"width='%sx' height='5'>" % (b"1" * 200_000), "does not say how large",
                     id="digits that took hours"),
        pytest.param(SVG % b"width='1%s!' height='5'>" % (b" " * 200_000), "does not say how large",
                     id="blanks that took hours"),
        (b"<!-- <svg> --><html><svg></svg></html>", "of no kind that is read"),
    ],
)  # fmt: skip
def test_a_drawing_that_is_none(data: bytes, why: str) -> None:
    with pytest.raises(BadMedium, match=why):
        described(data)


def test_what_is_shown_of_sound_and_film() -> None:
    half = tone(4.0)
    half[16_000:] = 0
    for samples in (half, np.tile(half, (20, 1))):  # one that is listened to whole, and a long one
        shown = np.asarray(small(wav(samples)).convert("L"))
        assert shown.shape == (128, 640)
    loud = np.asarray(small(wav(half)).convert("L"))
    assert (loud[:, 40:280] < 200).sum() > 10 * (loud[:, 360:600] < 200).sum() > 0
    upright, turned = small(film()), small(film(rotated=90))
    assert (upright.size, turned.size) == ((64, 48), (48, 64))
    difference = np.asarray(upright.rotate(90, expand=True), float) - np.asarray(turned, float)
    assert np.abs(difference).mean() < 3
