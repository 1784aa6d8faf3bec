"""Features of sounds: how many times faster than they last, and against a plain loop.

The loop decodes the same file by PyAV in pieces of a second and takes log-mel of each window, in
one process, with nothing else; ours reads the media store, decodes and describes in processes with
limits, and keeps the vectors. Both take the same sounds, minutes of two tones and noise, as MP3 and
as WAV, by turns.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from embeddings.data.contents import Medium
from embeddings.features.cache import FeatureCache
from embeddings.features.encoders.logmel import RATE, LogMel, describe, log_mel
from embeddings.features.modal import Reading, features_of
from embeddings.features.readers import heard
from kg_platform.media.store import MediaStore
from kg_platform.modality import AUDIO, Modality

SECONDS, FILES, ROUNDS, GOAL, GOAL_RATIO = 120, 4, 3, 600, 0.9
_WINDOW = 10 * RATE


class Sounds:
    """Entities with one sound each."""

    def __init__(self, digests: Sequence[str]) -> None:
        self._digests = digests
        self.size = len(digests)

    def texts(self) -> Iterator[Any]:
        yield from ()

    def media(self, modality: Modality) -> Iterator[Medium]:
        del modality
        yield from (Medium(place, 0, digest) for place, digest in enumerate(self._digests))


def recording(kind: str, codec: str, seed: int) -> bytes:
    """`SECONDS` of stereo sound at 44,100."""
    draw, rate, file = np.random.default_rng(seed), 44_100, io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        for second in range(SECONDS):
            at = np.arange(rate) / rate + second
            wave = 0.2 * np.sin(2 * np.pi * (200 + 40 * seed) * at) * (at * 3 % 1 < 0.5)
            wave += 0.1 * np.sin(2 * np.pi * 1_700 * at) + draw.normal(0, 0.02, rate)
            given = np.ascontiguousarray(np.stack([wave, wave]).astype(np.float32))
            frame = av.AudioFrame.from_ndarray(given, "fltp", "stereo")
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def plain(files: Sequence[bytes]) -> float:
    """Seconds that decoding and log-mel take by themselves."""
    begun = time.perf_counter()
    for data in files:
        with av.open(io.BytesIO(data)) as container:
            fifo = av.AudioFifo()
            resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
            held: list[Any] = []

            def take(frame: Any, held: list[Any] = held, resampler: Any = resampler) -> None:
                held.extend(one.to_ndarray().reshape(-1) for one in resampler.resample(frame))
                whole = np.concatenate(held) if held else np.zeros(0, np.float32)
                while len(whole) >= _WINDOW:
                    log_mel(whole[:_WINDOW])
                    whole = whole[_WINDOW:]
                held[:] = [whole]

            for frame in container.decode(audio=0):
                frame.pts = None
                fifo.write(frame)
                if fifo.samples >= frame.sample_rate:
                    piece = fifo.read(frame.sample_rate)
                    piece.pts = None
                    take(piece)
            take(fifo.read())
    return time.perf_counter() - begun


def ours(media: MediaStore, digests: Sequence[str], folder: Path, workers: int) -> float:
    encoder = LogMel()
    reading = Reading(media, 1, workers)
    warm = Sounds(digests[:workers])  # processes start, and load their libraries
    features_of(AUDIO, warm, encoder, FeatureCache(folder / "warm", encoder), reading)
    begun = time.perf_counter()
    cache = FeatureCache(folder / "own", encoder)
    _, summary = features_of(AUDIO, Sounds(digests), encoder, cache, reading)
    seconds = time.perf_counter() - begun
    assert summary.encoded == len(digests), summary
    reading.decoders.close()
    return seconds


def computing(files: Sequence[bytes]) -> float:
    """Seconds of computing that ours takes of one core: those of the clock are the machine's."""
    begun = time.process_time()
    for data in files:
        heard(data, RATE, describe)
    return time.process_time() - begun


def run(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    del options
    cores = len(os.sched_getaffinity(0))
    lasts = SECONDS * FILES
    for kind, codec in (("mp3", "libmp3lame"), ("wav", "pcm_s16le")):
        files = [recording(kind, codec, seed) for seed in range(FILES)]
        loop, one, all_ = [], [], []
        with tempfile.TemporaryDirectory() as scratch:
            media = MediaStore(str(Path(scratch) / "media"))
            digests = [media.put(data) for data in files]
            for number in range(ROUNDS):
                loop.append(plain(files))
                for workers, found in ((1, one), (cores, all_)):
                    found.append(
                        ours(media, digests, Path(scratch, f"{workers}-{number}"), workers)
                    )
        yield {
            "format": kind,
            "cores": cores,
            "real_time": round(lasts / min(all_)),
            "real_time_by_computing": round(cores * lasts / computing(files)),
            "goal": GOAL,
            "loop_real_time": round(lasts / min(loop)),
            "of_loop_one_process": round(min(loop) / min(one), 2),
            "of_loop": round(min(loop) / min(all_), 2),
            "goal_of_loop": GOAL_RATIO,
        }
