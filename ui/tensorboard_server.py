"""TensorBoard of one folder, on this machine alone, until whoever started it is gone.

`python -m ui.tensorboard_server FOLDER` prints the address, and ends when its input does: that of a
process that was killed is closed for it.
"""

from __future__ import annotations

import sys

from tensorboard import program


def main(folder: str) -> None:
    board = program.TensorBoard()
    board.configure(argv=["", "--logdir", folder, "--host", "127.0.0.1", "--port", "0"])
    print(board.launch(), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
