"""The holder's own file (一人一档, 一企一档): the licences, and the trace of what was done with them."""
