"""A dataset of Hugging Face, by its name or in a folder: its splits as one table.

The library `datasets` is an extra. It fetches what it has not got into its own folder (`HF_HOME`);
a dataset in a folder of this machine is read where it lies. No code of a dataset is ever run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from ingest.sources.table import Fields, TableOptions
from ingest.sources.tabular.cells import Cells
from kg_platform.errors import BadInput, Unavailable
from kg_platform.records import HeldMedium, Rejection

PREFIX = "huggingface:"  # before the name of a dataset, where no mapping says what it is
SPLIT = "split"
_AT_ONCE = {"Image": 200, "Audio": 20, "Video": 4}  # rows in memory, by the largest in them
_ROWS = 500  # of those without media
_SAVED = ("dataset_dict.json", "state.json")  # what `save_to_disk` leaves
_OF_ADDRESS = ("config", "split", "revision", "streaming")
_MEDIA = {"Image": "image", "Audio": "audio", "Video": "video"}
_WORDS = {"image": "Pictures", "audio": "Sounds", "video": "Films"}
_LEFT_OUT = ("Pdf", "Nifti", "Mesh", "BioSequence", "BioStructure")


def named(address: str) -> tuple[str, TableOptions]:
    """`huggingface:NAME?split=train&config=en` as a name and options.

    Raises:
        BadInput: no name is in it, or an option that there is not.
    """
    name, _, query = address.removeprefix(PREFIX).partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    if not name or not set(given) <= set(_OF_ADDRESS):
        raise BadInput(
            f"{address} is no dataset; write {PREFIX}NAME, and behind a ? what of it, as in "
            f"{PREFIX}NAME?config=en&split=train (there are {', '.join(_OF_ADDRESS)})."
        )
    streaming = given.pop("streaming", None)
    yes = None if streaming is None else streaming.lower() in ("", "1", "true", "yes")
    return name, TableOptions(format="huggingface", streaming=yes, **given)


def spec_of(address: str) -> Mapping[str, Any]:
    """What a mapping's `tables` says of such an address."""
    name, options = named(address)
    given = {one.name: getattr(options, one.name) for one in fields(options)}
    return {"huggingface": name} | {
        key: given[key] for key in _OF_ADDRESS if given[key] is not None
    }


class HuggingfaceTable:
    """Where a row stands is its number, over all splits. Where there are several, a column `split`
    says which, unless one is called so."""

    def __init__(self, dataset: str, options: TableOptions, folder: Path) -> None:
        """
        Raises:
            BadInput: the extra is not installed, there is no such dataset, configuration or split,
                or it is one that would run code.
            Unavailable: it has to be fetched, and cannot be.
        """
        self.name = dataset
        self.notes: list[str] = []
        place = folder / dataset
        self.folder = place if place.is_dir() else folder
        self._parts = _opened(dataset, place.resolve() if place.is_dir() else None, options)
        self._features = self._kept(next(iter(self._parts.values())).features)
        self._marked = len(self._parts) > 1 and SPLIT not in self._features

    def columns(self) -> Sequence[str]:
        return [*self._features, *([SPLIT] if self._marked else [])]

    def count(self) -> int:
        """0 where it is streamed: nobody knows."""
        return sum(getattr(part, "num_rows", None) or 0 for part in self._parts.values())

    def rows(self) -> Iterator[tuple[int, Fields | Rejection]]:
        cells = Cells(self.name, self.notes)
        number = 0
        for split, part in self._parts.items():
            mark = {SPLIT: split} if self._marked else {}
            for batch in self._batches(part):
                for values in zip(*batch.values(), strict=True):
                    number += 1
                    row = {
                        name: self._value(cells, name, self._features[name], value)
                        for name, value in zip(batch, values, strict=True)
                    }
                    yield number, {**row, **mark}

    def _batches(self, part: Any) -> Iterator[Mapping[str, Sequence[Any]]]:
        """Columns as they are stored: a medium is its bytes, a class its number."""
        try:
            for batch in part.with_format("arrow").iter(batch_size=at_once(self._features)):
                yield {name: batch[name].to_pylist() for name in self._features}
        except Exception as error:  # whatever the network, a file or the library makes of it
            raise _explained(self.name, error) from error

    def _kept(self, features: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without the columns that no graph can hold, which is said."""
        for name, one in features.items():
            if (kind := type(one).__name__) in _LEFT_OUT:
                self.notes.append(
                    f"The column {name!r} of {self.name} holds {kind.lower()}; it is left out."
                )
        return {name: one for name, one in features.items() if type(one).__name__ not in _LEFT_OUT}

    def _value(self, cells: Cells, column: str, feature: Any, value: Any) -> Any:
        kind = type(feature).__name__
        if value is None:
            return None
        if kind == "ClassLabel":
            return feature.int2str(value) if value >= 0 else None
        if kind in _MEDIA:
            return self._medium(column, value, _MEDIA[kind])
        if isinstance(feature, dict):
            return {
                name: self._value(cells, column, one, value.get(name))
                for name, one in feature.items()
            }
        inner = getattr(feature, "feature", None)
        if inner is not None and isinstance(value, list):
            return [self._value(cells, column, inner, one) for one in value]
        return cells.plain(column, value)

    def _medium(self, column: str, value: Mapping[str, Any], role: str) -> HeldMedium | None:
        data = value.get("bytes")
        if data is None and value.get("path"):
            data = self._beside(Path(value["path"]))
        if data is not None:
            return HeldMedium.of(data, role)
        what = f"{_WORDS[role]} of {column!r} of {self.name}"
        note = f"{what} are not in the dataset; they are left out."
        if note not in self.notes:
            self.notes.append(note)
        return None

    def _beside(self, path: Path) -> bytes | None:
        """A file of the dataset's folder, as a medium that is not in its table is."""
        place = (self.folder / path).resolve()
        if not place.is_relative_to(self.folder.resolve()) or not place.is_file():
            return None
        return place.read_bytes()


def at_once(feature: Any) -> int:
    """How many rows that have this in them are held at a time."""
    if isinstance(feature, Mapping):
        return min(map(at_once, feature.values()), default=_ROWS)
    inner = getattr(feature, "feature", None)  # of a list
    return _AT_ONCE.get(type(feature).__name__, _ROWS) if inner is None else at_once(inner)


def _opened(dataset: str, place: Path | None, options: TableOptions) -> Mapping[str, Any]:
    """Each of its splits that is wanted, by name."""
    library = _library()
    if place is None and "/" not in dataset:  # it would be taken for a kind of file
        raise BadInput(f"{dataset} is no folder, and no name of a dataset, which is OWNER/NAME.")
    saved = place is not None and any((place / name).is_file() for name in _SAVED)
    if saved and (options.config or options.revision):
        raise BadInput(f"{dataset} was saved to a folder: it has no config and no revision.")
    try:
        if saved:
            found = library.load_from_disk(str(place))
        else:
            found = library.load_dataset(
                dataset if place is None else str(place),
                options.config,
                revision=options.revision,
                # What lies on this machine is not copied.
                streaming=bool(options.streaming) or place is not None,
            )
    except Exception as error:  # whatever the network, a file or the library makes of it
        raise _explained(dataset, error) from error
    parts = dict(found) if isinstance(found, dict) else {str(found.split or "train"): found}
    if options.streaming or place is not None:  # a stream may have to look what is in it
        parts = {name: _knowing(part) for name, part in parts.items()}
    if options.split is None:
        return parts
    if options.split not in parts:
        names = ", ".join(parts)
        raise BadInput(f"{dataset} has no split {options.split!r}; there are {names}.")
    return {options.split: parts[options.split]}


def _knowing(part: Any) -> Any:
    return part._resolve_features() if part.features is None else part


def _library() -> Any:
    try:
        import datasets
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "datasets":
            raise
        raise BadInput(
            "Datasets of Hugging Face need the extra `huggingface`, which is not installed: "
            "`pip install 'kg-platform[huggingface]'`."
        ) from error
    datasets.disable_progress_bars()
    return datasets


def _explained(dataset: str, error: Exception) -> BadInput | Unavailable:
    why = " ".join(str(error).split())[:200].rstrip(".")
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"ConnectionError", "OfflineModeIsEnabled", "ConnectTimeout", "TransportError"}:
        return Unavailable(
            f"Hugging Face cannot be reached for {dataset} ({type(error).__name__}); look at the "
            "network, then run the same command again."
        )
    if "scripts are no longer supported" in why or "trust_remote_code" in why:
        return BadInput(
            f"{dataset} is made by code of its own, which is never run; save it as Parquet, or "
            "take another revision of it."
        )
    if "DatasetNotFoundError" in names or "RepositoryNotFoundError" in names:
        return BadInput(
            f"Hugging Face has no dataset {dataset}, or not for you; look at its name, or log in "
            "with `hf auth login`."
        )
    return BadInput(f"The dataset {dataset} cannot be read ({type(error).__name__}: {why}).")
