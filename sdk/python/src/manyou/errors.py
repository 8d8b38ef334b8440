"""One base for every refusal: a stable code, what to mend, a detail for the log alone.

    Exception
    └── Problem
        ├── BadRequest        400   what was sent cannot be read or is not allowed
        │   └── Malformed           a wire value (identifier, code, token, list) does not parse
        ├── Unauthenticated   401   nobody we know is asking
        ├── Forbidden         403   known, and not allowed
        ├── NotFound          404   not there, or not for the caller to know
        ├── Conflict          409   the state of the thing forbids it
        ├── Gone              410   was there, has ended
        ├── TooLarge          413   over a stated bound
        ├── TooMany           429   a budget is used up; ``retry_after`` seconds
        └── Unavailable       503   a part that is needed does not answer; ``retry_after`` seconds

Rooms derive their own errors from these categories in their ``errors.py``.  The wire carries the code, so
that a caller raises the same class again with :func:`problem_for`; which HTTP status a category has is known
to the service's web layer and, for reading answers, to :data:`STATUS`.
"""

from __future__ import annotations

from typing import ClassVar, Final

from manyou._override import override

__all__ = [
    "STATUS",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "Gone",
    "Malformed",
    "NotFound",
    "Problem",
    "TooLarge",
    "TooMany",
    "Unauthenticated",
    "Unavailable",
    "problem_for",
]


class Problem(Exception):
    """A refusal with a public code and a hidden detail.

    Attributes:
        code: stable, snake_case, ASCII; the wire carries it and documentation lists it.
        mend: one ASCII English sentence saying what the caller can change.
        detail: for the log only; never sent.  It must hold no secret and no personal number.
    """

    code: ClassVar[str] = "problem"
    mend: str = "See the documentation of this error code."

    def __init__(self, mend: str | None = None, *, detail: str = "") -> None:
        """Make the refusal; ``mend`` where this case can be told more exactly than the class can.

        ``detail`` goes to the log and nowhere else.
        """
        super().__init__(self.code)
        if mend is not None:
            self.mend = mend
        self.detail = detail

    @override
    def __str__(self) -> str:
        """Code, and detail where there is one: what a log line shows."""
        return f"{self.code}: {self.detail}" if self.detail else self.code


class BadRequest(Problem):
    """What was sent cannot be read, or is not allowed to be sent."""

    code = "bad_request"
    mend = "Correct the request and send it again."


class Malformed(BadRequest):
    """A wire value does not parse."""

    code = "malformed"
    mend = "Send the value in exactly the documented form."


class Unauthenticated(Problem):
    """Nobody we know is asking."""

    code = "unauthenticated"
    mend = "Send valid credentials."


class Forbidden(Problem):
    """The caller is known and not allowed."""

    code = "forbidden"
    mend = "Ask for the permission that this operation needs."


class NotFound(Problem):
    """Not there, or not for this caller to know."""

    code = "not_found"
    mend = "Check the address and the identifier."


class Conflict(Problem):
    """The state of the thing forbids the change."""

    code = "conflict"
    mend = "Read the present state and decide again."


class Gone(Problem):
    """It was there and has ended."""

    code = "gone"
    mend = "Obtain a new one."


class TooLarge(Problem):
    """Over a stated bound."""

    code = "too_large"
    mend = "Send less; the bounds are documented."


class _Delayed(Problem):
    """A refusal that names when to come back."""

    def __init__(self, mend: str | None = None, *, retry_after: int = 1, detail: str = "") -> None:
        """Make the refusal; ``retry_after`` is in whole seconds, at least 1."""
        super().__init__(mend, detail=detail)
        self.retry_after = max(1, retry_after)


class TooMany(_Delayed):
    """A budget of tries or requests is used up."""

    code = "too_many"
    mend = "Wait as long as Retry-After says."


class Unavailable(_Delayed):
    """A part that the operation needs does not answer."""

    code = "unavailable"
    mend = "Try again after Retry-After seconds."


STATUS: Final[dict[int, type[Problem]]] = {
    400: BadRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    429: TooMany,
    503: Unavailable,
}
"""HTTP status → category, for whoever reads an answer off the wire."""


def problem_for(status: int, code: str, *, detail: str = "") -> Problem:
    """The error that an answer of ``status`` with ``code`` stands for.

    The class is the category of the status, with ``code`` set on the instance where the exact class is not
    known to the caller; an unknown status gives a plain :class:`Problem`.
    """
    category = STATUS.get(status, Problem)
    found = next((each for each in _descendants(category) if each.code == code), category)
    problem = found(detail=detail)
    if problem.code != code:
        problem.code = code  # type: ignore[misc]  # an instance may carry the code of a class it does not know
    return problem


def _descendants(category: type[Problem]) -> list[type[Problem]]:
    children = category.__subclasses__()
    return children + [below for child in children for below in _descendants(child)]
