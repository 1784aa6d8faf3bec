"""Pictures of films made ready for an encoder, against a plain loop that decodes the same ones.

The loop seeks to where ours looked, decodes, makes RGB of 224 pixels of each picture, and prepares
as many for the encoder; ours decides where to look and which to keep. Both in one process, without
those that decode in a run, and in seconds of computing: those of the clock are the machine's.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from PIL import Image

from embeddings.features.encoders.classical import small
from kg_platform.media import video

GOAL_RATIO, ROUNDS = 0.9, 5
KINDS = (("short", 4, 12), ("minute", 60, 50), ("three minutes", 180, 250))


def clip(seconds: int, keys: int) -> bytes:
    """640 x 360 at 25 a second: a square that crosses a new scene every ten seconds."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.gop_size = keys
        stream.options = {"preset": "ultrafast"}
        for number in range(25 * seconds):
            picture = np.full((360, 640, 3), 60 + 50 * (number // 250 % 3), np.uint8)
            left = number * 3 % 600
            picture[100:140, left : left + 40] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def looked_at(data: bytes) -> list[float]:
    """Where ours looks, in seconds."""
    from kg_platform.media.recordings import opened

    with opened(data) as container:
        return [one.still.seconds for one in video._looked_at(container, 10**9, video.LOOKED_AT)]


def ready(frame: Any, place: int) -> None:
    pixels = frame.to_ndarray(format="rgb24", width=398, height=224)
    if place < video.MOST:
        small(Image.fromarray(pixels))


def plain(data: bytes, times: list[float]) -> float:
    begun = time.process_time()
    step = min(np.diff(times), default=0.0)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        assert stream.time_base
        if step <= 1:  # one pass
            place = 0
            for frame in container.decode(stream):
                if frame.time >= times[place] - 1e-6:
                    ready(frame, place)
                    place += 1
                if place == len(times):
                    break
        else:
            for place, target in enumerate(times):
                container.seek(round(target / float(stream.time_base)), stream=stream)
                frame = next(one for one in container.decode(stream) if one.time >= target - 1e-6)
                ready(frame, place)
    return time.process_time() - begun


def ours(data: bytes) -> float:
    begun = time.process_time()
    for still in video.stills(data, 10**9):
        small(still.picture)
    return time.process_time() - begun


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    del options
    for name, seconds, keys in KINDS:
        data = clip(seconds, keys)
        times = looked_at(data)
        rounds = [(plain(data, times), ours(data)) for _ in range(ROUNDS)]
        loop, own = (min(side) for side in zip(*rounds, strict=True))
        yield {
            "film": name,
            "looked_at": len(times),
            "loop_seconds": round(loop, 3),
            "seconds": round(own, 3),
            "real_time": round(seconds / own),
            "of_loop": round(loop / own, 2),
            "goal_of_loop": GOAL_RATIO,
        }
