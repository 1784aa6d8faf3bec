"""Spoken digits, by espeak-ng: several voices, each at several speeds and pitches."""

from __future__ import annotations

import shutil
import subprocess
from itertools import product

import numpy as np

from embeddings.data.dataset import Dataset
from embeddings.data.feature_matrix import Features
from embeddings.features.encoders.logmel import LogMel
from kg_platform.media.audio import audible
from tests.support.signal_worlds import dataset, with_kinds

VOICES = ("en+m1", "en+m3", "en+m7", "en+f1", "en+f2", "en+f4")
SPEEDS = (130, 170, 210)  # words a minute
PITCHES = (35, 65)


def espeak() -> str | None:
    """The program, where it is installed."""
    return shutil.which("espeak-ng")


def spoken(text: str, voice: str, speed: int, pitch: int) -> bytes:
    """A WAV file of it."""
    words = ["-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    return subprocess.run([str(espeak()), *words], capture_output=True, check=True).stdout


def digits(seed: int) -> Dataset:
    """Recordings whose kind is the digit that is said, whoever says it how."""
    said = list(product(range(10), VOICES, SPEEDS, PITCHES))
    encoder = LogMel()
    vectors = [encoder.encode(list(audible(spoken(str(digit), *how))))[0] for digit, *how in said]
    features = Features("audio", np.stack(vectors), np.ones(len(said), bool), "log-mel", "1")
    return dataset([digit for digit, *_ in said], 10, with_kinds(features, 10), seed)
