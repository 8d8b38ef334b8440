"""What an operator's tools see: ``/livez``, ``/readyz`` and ``/metrics`` on a listener of their own.

Workers count (``metrics``) and report every second (``reporting``) to the parent, which adds up and answers
(``listener``). The parent imports nothing of the rooms.
"""
