"""Run benchmarks by name: `python -m bench ingest publish embed --data FOLDER`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import sys
from pathlib import Path

# Each is a module here, imported when it is run: some of them load PyKEEN, which takes seconds.
SETS = ("mkgw", "db15k", "wn18rr", "fb15k237")
ALL = (
    "ingest",
    "bulk",
    "ingest_memory",
    "media",
    "versions",
    "mapping",
    "matching",
    "table_memory",
    "rdf",
    "adopt",
    "publish",
    "embed",
    "ranking",
    "epochs",
    "negatives",
    "million",
    "quality",
    "seam",
    "warm",
    "faults",
    "new_entities",
    "watch",
    "follow",
    "commands",
    "runs",
    "labels",
    "held_out",
    "review_calibration",
    "feature_cache",
    "near_hashes",
    "sound",
    "film",
    "signals",
    "graph_view",
    "gpu",
    "map",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}; all if none"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("BENCH_DATA"),
        help="folder that holds mkgw/ and fb15k237/ (entities.jsonl and three .tsv files each)",
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument(
        "--rows", type=int, default=200_000, help="ingest: entities of the made-up source, and a "
        "fifth of its triples"
    )  # fmt: skip
    parser.add_argument(
        "--share-online", type=float, default=0.1, help="bulk: of the rows, for the slow sides"
    )
    parser.add_argument(
        "--database", help="table_memory: a PostgreSQL in which a table is made, and read"
    )
    parser.add_argument("--versions-rows", type=int, default=50_000, help="versions: entities")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--faults", type=int, default=40, help="faults: cycles to kill")
    parser.add_argument("--kills", type=int, default=0, help="follow: kills, and no rates then")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch, where it is timed")
    parser.add_argument(
        "--share", type=float, default=1.0, help="ranking: of the test triples, for a quick look"
    )
    parser.add_argument("--pykeen-batch", type=int, help="epochs: PyKEEN's queries a step")
    parser.add_argument("--pykeen-epochs", type=int, default=4, help="negatives: epochs of PyKEEN")
    parser.add_argument("--pykeen-lr", type=float, default=0.1, help="negatives: PyKEEN's Adagrad")
    parser.add_argument("--entities", type=int, default=1_000_000, help="million, adopt: entities")
    parser.add_argument("--triples", type=int, default=10_000_000, help="million: triples")
    parser.add_argument("--statements", type=int, default=5_000_000, help="rdf: of N-Triples")
    parser.add_argument("--preset", default="best", help="quality: a preset or its file")
    parser.add_argument(
        "--sets",
        nargs="+",
        default=["mkgw", "db15k", "wn18rr", "fb15k237"],
        help="quality, new_entities: folders",
    )
    parser.add_argument(
        "--control", action="store_true", help="quality: shuffled features beside the real ones"
    )
    parser.add_argument(
        "--set", action="append", default=[], help="new_entities: NAME=VALUE, as kg embed has it"
    )
    parser.add_argument("--keep", help="new_entities: folder for trained artifacts, to use again")
    parser.add_argument("--map-points", type=int, default=10_000, help="map: to be laid out")
    parser.add_argument("--febrl", type=Path, help="matching: folder with dataset1.csv to 4b.csv")
    parser.add_argument("--people", type=int, default=1_000_000, help="matching: made-up people")
    options = parser.parse_args()
    unknown = set(options.names) - set(ALL)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    print(json.dumps(machine()))
    # A killed benchmark must not leave its Neo4j behind: it would be in the way of the next one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in options.names or ALL:
        for line in importlib.import_module(f"bench.{name}").run(options):
            load = round(os.getloadavg()[0], 1)
            print(json.dumps({"benchmark": name, **line, "load": load}), flush=True)
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
