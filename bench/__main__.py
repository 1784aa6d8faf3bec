"""Run benchmarks by name: `python -m bench ingest publish embed --data FOLDER`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from bench import embed, ingest, publish

ALL = {"ingest": ingest.run, "publish": publish.run, "embed": embed.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}; all if none"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("BENCH_DATA"),
        help="folder that holds mkgw/ (entities.jsonl, train.tsv, valid.tsv, test.tsv)",
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    unknown = set(options.names) - set(ALL)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    print(json.dumps(machine()))
    for name in options.names or ALL:
        for line in ALL[name](options):
            print(json.dumps({"benchmark": name, **line}), flush=True)
    return 0


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    import torch

    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load_before": os.getloadavg()[0],
    }


if __name__ == "__main__":
    sys.exit(main())
