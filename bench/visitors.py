"""People who click through the explorer, without browsers.

Each is a connection of its own to its server, as a browser's page has one (Streamlit's websocket).
What a browser draws is not in it: twenty on the machine of the server would measure themselves.
"""

from __future__ import annotations

import random
import threading
import time
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

LONGEST = 120.0  # seconds until a page counts as failed
# Said by a page only where it failed (`ui/app.py`, `ui/widgets/text.py`).
FAILED = b'class="kg-alert" role="alert"'


class Visit:
    """A person's visit to the explorer at `address`."""

    def __init__(self, address: str) -> None:
        place = address.replace("http", "ws", 1) + "/_stcore/stream"
        self._connection: ClientConnection = connect(
            place, subprotocols=["streamlit"], max_size=None, open_timeout=LONGEST, proxy=None
        )

    def page(self, name: str, **query: str) -> tuple[float, bool]:
        """Open a page: seconds until all of it is here, and whether it came without an error."""
        state = ClientState(page_name=name, query_string=urlencode(query))
        begun = time.perf_counter()
        self._connection.send(BackMsg(rerun_script=state).SerializeToString())
        well, begins = True, False
        while True:
            said = self._connection.recv(timeout=LONGEST, decode=False)
            message = ForwardMsg.FromString(said)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                begins = True
            elif kind == "delta" and begins:
                well &= FAILED not in said
            elif kind == "script_finished" and begins:
                status = message.script_finished
                if status != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    well &= status == ForwardMsg.FINISHED_SUCCESSFULLY
                    return time.perf_counter() - begun, well

    def close(self) -> None:
        self._connection.close()


def together(
    address: str, people: int, clicks: int, ids: list[str], think: float, seed: int = 0
) -> tuple[list[float], int]:
    """So many people at once, each with its own clicks on Overview, Browse and entities' pages.

    Between two clicks are `think` seconds at the mean. Gives seconds of each whole page, and how
    many failed.
    """
    found: list[float] = []
    failed: list[str] = []

    def person(number: int) -> None:
        draw = random.Random(1_000 * seed + number)
        try:
            visit = Visit(address)
            visit.page("query")  # the first page of a visit is not counted
            for step in range(clicks):
                time.sleep(draw.uniform(0, 2 * think))
                page = ("", "browse", "entity")[(number + step) % 3]
                query = {"id": draw.choice(ids)} if page == "entity" else {}
                whole, well = visit.page(page, **query)
                found.append(whole)
                if not well:
                    failed.append(page)
            visit.close()
        except (OSError, TimeoutError) as error:
            failed.append(repr(error))

    threads = [threading.Thread(target=person, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in failed:
        print(f"failed: {each}")
    return found, len(failed)
