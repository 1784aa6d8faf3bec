"""Log-mel statistics of a sound and their modulation over time. Nothing in it is learned.

A window of sound (16,000 numbers a second) becomes a spectrogram: power in 80 bands of the mel
scale (Stevens, Volkmann and Newman 1937) from 60 to 7,800 Hz, 100 times a second, its logarithm,
60 dB down from the loudest. It is described by four blocks:

- mean (80): of each band, less that of all: the colour of the sound, whatever its loudness.
- deviation (80): of each band over time.
- delta deviation (80): of the change of each band from one hundredth of a second to the next.
- modulation (320): how much each of 20 groups of bands rises and falls at 16 rates from 0.5 to
  32 Hz (amplitudes of the Fourier transform over time; after Greenberg and Kingsbury, "The
  modulation spectrogram", ICASSP 1997): rhythm, and the syllables of speech.

Each block has length 1, or less where there is hardly anything in it (a steady tone has no rhythm
that noise should be blown up to), and is weighted; the whole, 560 numbers, has length 1. It finds
sounds that sound alike. It does not know what is heard, nor what is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from embeddings.data.feature_matrix import Vectors
from embeddings.features.encoders.protocols import Pixels, Wave, WavePreparer

Floats = npt.NDArray[np.float32]

RATE = 16_000
_SPAN, _HOP, _FFT = 400, 160, 512
_BANDS = 80
_LOWEST, _HIGHEST = 60.0, 7_800.0  # Hz
_RANGE = 1e-6  # of power, 60 dB: below it is what codecs leave
_GROUPS = 20
_RATES = 16
_SLOWEST, _FASTEST = 0.5, 32.0  # Hz
_OVER_TIME = 1_024  # a window of ten seconds has 998 columns
_WEIGHTS = {"mean": 1.0, "deviation": 0.7, "delta": 0.7, "modulation": 1.0}
_FAINT = {"mean": 1.0, "deviation": 2.0, "delta": 1.0, "modulation": 1.0}  # lengths, in nats


class LogMel:
    """Log-mel statistics and modulation, 560 dimensions, on numpy alone."""

    name = "log-mel"
    revision = "1"
    dimension = 3 * _BANDS + _GROUPS * _RATES
    rate = RATE

    @property
    def preparer(self) -> WavePreparer:
        return describe

    def encode(self, contents: Sequence[Wave], /) -> Vectors:
        """Windows of sound (n) -> (n, 560) float32 unit vectors."""
        return self.encode_prepared([describe(wave) for wave in contents])

    def encode_prepared(self, pixels: Sequence[Pixels], /) -> Vectors:
        """Windows as `describe` makes them (n) -> (n, 560) float32 unit vectors."""
        return np.array(pixels, dtype=np.float32).reshape(-1, self.dimension)


def describe(wave: Wave, /) -> Pixels:
    """A window of sound (n,) -> (560,) of length 1."""
    spectrogram = log_mel(wave)
    blocks = {
        "mean": _mean(spectrogram),
        "deviation": spectrogram.std(0),
        "delta": _delta(spectrogram),
        "modulation": modulation(spectrogram),
    }
    parts = [
        _WEIGHTS[name] / (np.linalg.norm(block) + _FAINT[name]) * block
        for name, block in blocks.items()
    ]
    whole: Floats = np.concatenate(parts).astype(np.float32)
    length = np.linalg.norm(whole)
    if length < 1e-6:  # white noise without end, or silence: nothing stands out
        return np.full(len(whole), len(whole) ** -0.5, np.float32)
    return np.asarray(whole / length, np.float32)


def log_mel(wave: Wave) -> Floats:
    """(n,) -> (t, 80) logarithms of power, a column each 10 ms; at least one column."""
    wave = np.asarray(wave, np.float32)
    if len(wave) < _SPAN:
        wave = np.pad(wave, (0, _SPAN - len(wave)))
    spans = np.lib.stride_tricks.sliding_window_view(wave, _SPAN)[::_HOP]
    spectrum = np.fft.rfft(np.asarray(spans * _hann(_SPAN), np.float32), _FFT)
    power = spectrum.real**2 + spectrum.imag**2
    bands = np.asarray(power @ _mel(), np.float32)
    floor = max(float(bands.max()) * _RANGE, 1e-20)
    return np.asarray(np.log(bands + np.float32(floor)), np.float32)


def modulation(spectrogram: Floats) -> Floats:
    """(t, 80) -> (20 * 16,) amplitudes by group of bands and by rate."""
    whole = len(spectrogram)
    groups = spectrogram.reshape(whole, _GROUPS, -1).mean(2)
    groups = np.asarray((groups - groups.mean(0)) * _hann(whole)[:, None], np.float32)
    spectrum = np.abs(np.fft.rfft(groups[:_OVER_TIME], _OVER_TIME, axis=0))
    amplitude = spectrum * np.float32(4 / max(whole, 1))
    by_rate = np.sqrt(_rates() @ amplitude**2)
    return np.asarray(by_rate.T.reshape(-1), np.float32)


def _mean(spectrogram: Floats) -> Floats:
    mean: Floats = spectrogram.mean(0)
    centred: Floats = mean - mean.mean()
    return centred


def _delta(spectrogram: Floats) -> Floats:
    if len(spectrogram) < 2:
        return np.zeros(_BANDS, np.float32)
    found: Floats = np.diff(spectrogram, axis=0).std(0)
    return found


@cache
def _hann(size: int) -> Floats:
    return np.asarray(np.hanning(size + 2)[1:-1], np.float32)


@cache
def _mel() -> Floats:
    """(257, 80) triangles of equal width on the mel scale, each of sum 1."""
    edges = _hertz(np.linspace(_mels(_LOWEST), _mels(_HIGHEST), _BANDS + 2))
    bins = np.arange(_FFT // 2 + 1) * RATE / _FFT
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling))
    # The lowest triangles are narrower than a bin: each has its nearest bin at least.
    nearest = np.abs(bins[:, None] - edges[1:-1]).argmin(0)
    empty = np.flatnonzero(triangles.sum(0) < 1e-6)
    triangles[nearest[empty], empty] = 1
    return np.asarray(triangles / triangles.sum(0), np.float32)


@cache
def _rates() -> Floats:
    """(16, 513) shares of the bins of time's Fourier transform, on a logarithmic scale."""
    edges = np.geomspace(_SLOWEST, _FASTEST, _RATES + 2)
    bins = np.arange(_OVER_TIME // 2 + 1) * (RATE / _HOP) / _OVER_TIME
    at, log = np.log(np.maximum(bins, 1e-3))[:, None], np.log(edges)
    rising, falling = (at - log[:-2]) / (log[1] - log[0]), (log[2:] - at) / (log[1] - log[0])
    return np.asarray(np.maximum(0, np.minimum(rising, falling)).T, np.float32)


def _mels(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = 700 * (10 ** (mels / 2595) - 1)
    return found
