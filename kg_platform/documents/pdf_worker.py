"""The process that reads a PDF and prints the text of its pages, as lines of JSON.

A PDF of some KB may unpack to all the memory there is, or keep a reader busy for hours; so it is a
process of its own with limits, and imports nothing of ours.

    python pdf_worker.py FILE BYTES_OF_MEMORY SECONDS

Prints `{"page": 1, "text": ...}` for each page, and `{"pages": n}` at the end; or `{"error": ...}`,
the end of a sentence that begins with the file's name.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

LOCKED = "is locked with a password; save it without one"


def main(path: str, memory: int, seconds: int) -> None:
    """Print the pages."""
    _limit(memory, seconds)
    import pypdf
    from pypdf.errors import DependencyError

    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            _say({"error": LOCKED})
            return
        count = len(reader.pages)
        for number in range(count):
            _say({"page": number + 1, "text": reader.pages[number].extract_text()})
        _say({"pages": count})
    except DependencyError:  # a cipher that is not read here
        _say({"error": LOCKED})
    except MemoryError:
        raise
    except Exception as error:  # whatever a damaged file makes of the reader, it cannot be read
        why = " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__
        _say({"error": f"is no whole PDF ({why}); save it again"})


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(what: dict[str, Any]) -> None:
    # Half characters, which a damaged table of letters gives, are written as escapes.
    sys.stdout.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        sys.stdout.flush()
    except MemoryError:
        os._exit(1)
    except BrokenPipeError:  # nobody wants the rest
        os._exit(0)
