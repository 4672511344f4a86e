"""One tree of errors, and one table from an error's code to exit and HTTP status.

Every error says what was expected, what came, and what to do about it; its `code` is stable, so
that programs may branch on it. This module imports nothing of ours, and refuses to print.
"""

from __future__ import annotations

from typing import ClassVar, Self

__all__ = [
    "Conflict",
    "CounterfoilError",
    "FatalLogError",
    "InputError",
    "NotFound",
    "Refused",
    "TooMany",
    "Unauthenticated",
    "Unavailable",
    "VerificationError",
]


class CounterfoilError(Exception):
    """Something that Counterfoil could not or would not do.

    code: stable, dotted, lower case, for example `proof.root-mismatch`.
    message: what was expected and what came, one line.
    hint: what to do about it, one line, or empty.
    exit_status: of the command line. http_status: of the API.
    """

    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"

    def renewed(self, message: str = "") -> Self:
        """Make the error anew, to raise it elsewhere; with another message if one is given."""
        return type(self)(self.code, message or self.message, hint=self.hint)


class InputError(CounterfoilError):
    """Bytes, arguments or files that are not of the form they must have."""

    exit_status = 2
    http_status = 400


class NotFound(CounterfoilError):
    """What was asked for does not exist."""

    exit_status = 3
    http_status = 404


class Refused(CounterfoilError):
    """Well formed, but a check, a policy or a permission says no."""

    exit_status = 4
    http_status = 403


class Conflict(Refused):
    """The state is not the one that the request expects: another owner, value or content."""

    http_status = 409


class Unauthenticated(Refused):
    """Who asks did not show who they are, or what they showed does not count."""

    http_status = 401


class VerificationError(CounterfoilError):
    """A signature, proof or log is not what it claims to be."""

    exit_status = 1
    http_status = 422


class Unavailable(CounterfoilError):
    """A disk, process or peer cannot serve now; the same request may succeed later."""

    exit_status = 5
    http_status = 503


class TooMany(Unavailable):
    """More was asked for than a limit or quota allows now.

    retry_after_s: when to ask again, seconds from now; nothing was done.
    """

    http_status = 429

    def __init__(
        self, code: str, message: str, *, hint: str = "", retry_after_s: float = 1.0
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.retry_after_s = retry_after_s

    def renewed(self, message: str = "") -> Self:
        """Make the error anew, with the same wait."""
        text = message or self.message
        return type(self)(self.code, text, hint=self.hint, retry_after_s=self.retry_after_s)


class FatalLogError(CounterfoilError):
    """The log must not go on: its state is damaged, went back, or is unknown.

    A process that meets it stops writing; a restart recovers or says what to do.
    """

    exit_status = 1
    http_status = 503
