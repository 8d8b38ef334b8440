"""What happened: an append-only table of events, numbered without gaps by the sequencer.

A change records its event in its own work (`append`), so neither exists without the other. A holder's trace
is `of_holder`. Below the rooms, above the store: the ledger knows the envelope, never what stands in it.
"""

from ledger.event import Event, event_id
from ledger.records import Recorded, append, by_id, of_holder, since
from ledger.sequencer import Sequencer

__all__ = ["Event", "Recorded", "Sequencer", "append", "by_id", "event_id", "of_holder", "since"]
