"""Where an encoder's files are, and which revision they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from kg_platform.errors import EncoderError

# What a transformers model needs; the same weights in other formats stay where they are.
_FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "*.jinja"]
_PICKLED = [*_FILES, "pytorch_model*.bin"]
_UNUSED = ["onnx/*", "openvino/*", "*.onnx"]


class ModelFiles(NamedTuple):
    """A folder that transformers can load, and what tells its contents from any other's."""

    folder: Path
    revision: str


def find_model(name: str) -> ModelFiles:
    """A local folder, or a model of the Hugging Face hub: from its cache, else downloaded.

    Raises:
        EncoderError: there is no such folder or model, or the hub cannot be reached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise EncoderError(
                f"The folder {name} has no config.json; it is not a saved Hugging Face model."
            )
        return ModelFiles(folder, digest_files(_weight_files(folder)))
    repository, _, revision = name.partition("@")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    def fetch(**options: Any) -> ModelFiles:
        path = snapshot_download(
            repository, revision=revision or None, ignore_patterns=_UNUSED, **options
        )
        return ModelFiles(Path(path), Path(path).name)  # the folder's name is the commit's hash

    try:
        try:
            found = fetch(local_files_only=True, allow_patterns=_PICKLED)
            if _complete(found.folder):
                return found
        except LocalEntryNotFoundError:
            pass
        found = fetch(allow_patterns=_FILES)
        return found if _complete(found.folder) else fetch(allow_patterns=_PICKLED)
    except HFValidationError as error:
        raise EncoderError(
            f"{name} is neither a folder nor the name of a Hugging Face model (owner/name)."
        ) from error
    except Exception as error:  # the hub's client raises its HTTP library's errors and its own
        raise EncoderError(
            f"The encoder {name} is not in the local Hugging Face cache and could not be "
            f"downloaded ({type(error).__name__}); check its name and the network, or give the "
            "folder of a saved model."
        ) from error


def in_local_cache(model: str) -> bool:
    """Whether a model of the hub can be loaded without a network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return _complete(Path(snapshot_download(model, local_files_only=True)))
    except LocalEntryNotFoundError:
        return False


def load(name: str, folder: Path, kind: str, prepare: str) -> tuple[Any, Any, set[str]]:
    """A transformers model on the CPU, what prepares its input, and which parts were not trained.

    `prepare` is the transformers class that does: AutoTokenizer or AutoImageProcessor. No code of
    the model's own is ever run, and nothing but a pooling layer may be missing: transformers would
    fill in random numbers.

    Raises:
        EncoderError: it is not a `kind` encoder that transformers knows, or weights are missing.
    """
    import torch
    import transformers
    from transformers.utils import logging

    silent: Any = logging  # a progress bar for 0.1 s, in the middle of ours
    silent.disable_progress_bar()
    try:
        prepared = getattr(transformers, prepare).from_pretrained(folder, local_files_only=True)
        model, loading = transformers.AutoModel.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:  # transformers raises nearly everything, from OSError to KeyError
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise EncoderError(f"{name} cannot be loaded as a {kind} encoder: {reason}") from error
    lacking = {str(key) for key in loading["missing_keys"]}
    lacking |= {str(key[0]) for key in loading["mismatched_keys"]}
    needed = sorted(key for key in lacking if "pooler" not in key)
    if needed:
        raise EncoderError(
            f"The files of {name} lack {len(needed)} of its weights, such as {needed[0]}; "
            "use a whole model."
        )
    return model.eval(), prepared, lacking


def digest_files(files: Iterable[Path]) -> str:
    """SHA-256 over the files' names and bytes, in hex."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda path: path.name):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256")
        digest.update(f"{file.name}\0{content.hexdigest()}\n".encode())
    return digest.hexdigest()


def _weight_files(folder: Path) -> list[Path]:
    wanted = {".json", ".txt", ".model", ".safetensors", ".bin"}
    pooling = folder / "1_Pooling" / "config.json"
    files = [file for file in folder.iterdir() if file.is_file() and file.suffix in wanted]
    return [*files, pooling] if pooling.is_file() else files


def _complete(folder: Path) -> bool:
    if not (folder / "config.json").is_file():
        return False
    return any(folder.glob("*.safetensors")) or any(folder.glob("pytorch_model*.bin"))
