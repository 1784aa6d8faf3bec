"""What a run ran on: program, packages, machine; and afterwards memory, threads, GPU.

The record of a run in the ledger holds these, and what its job adds: `snapshot`, `encoders`,
`device`, `artifact`, `tensorboard`, `log`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kg_platform.runs.memory import peak_bytes

PACKAGES = (
    "kg-platform",
    "torch",
    "pykeen",
    "numpy",
    "safetensors",
    "transformers",
    "torchvision",
    "pillow",
    "pyarrow",
    "neo4j",
)
SOURCES = ("kg_platform", "ingest", "embeddings")


def environment() -> dict[str, Any]:
    """What is known when a run begins. Nothing is loaded for it."""
    return {
        "program": {"version": packages().get("kg-platform", ""), "sources": sources()},
        "python": platform.python_version(),
        "packages": packages(),
        "machine": machine(),
    }


def measured() -> dict[str, Any]:
    """What is known when it ends: peak memory in bytes, PyTorch's threads and the GPU's peak."""
    found: dict[str, Any] = {"memory": {"peak_bytes": peak_bytes()}}
    torch = sys.modules.get("torch")
    if torch is not None:
        found["threads"] = torch.get_num_threads()
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            found["memory"]["gpu_peak_bytes"] = torch.cuda.max_memory_allocated()
            found["gpu"] = torch.cuda.get_device_name()
    return found


@cache
def packages() -> dict[str, str]:
    """Name -> version, of the installed ones that figures may depend on."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def machine() -> dict[str, Any]:
    return {
        "host": platform.node(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


@cache
def sources() -> str:
    """The first 12 hex digits of a SHA-256 over our Python files: tells versions apart that carry
    the same number."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[2]
    for package in SOURCES:
        for file in sorted((root / package).rglob("*.py")):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()
