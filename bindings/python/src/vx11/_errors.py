"""The library's errors as exceptions."""

from __future__ import annotations

import json
from typing import Any

# Codes that say nothing about the upstream: a breaker does not count them.
NEUTRAL_CODES = frozenset(
    "invalid_argument cancelled circuit_open asleep storage rejected address_unavailable exhausted".split()
)


def _restored(kind: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    """Undoes pickling without calling __init__, whose arguments differ from `args`."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class Error(Exception):
    """A failure. `code` is a stable identifier, `upstream` the name of the one concerned, or "". A retry
    makes sense after `retry_after` seconds; 0 if unknown."""

    def __init__(
        self, code: str, detail: str = "", upstream: str = "", retry_after: float = 0.0
    ) -> None:
        super().__init__(f"{upstream + ': ' if upstream else ''}{detail or code}")
        self.code = code
        self.detail = detail
        self.upstream = upstream
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


class ChatFailed(Error):
    """No target answered. `attempts` lists the tries."""

    def __init__(self, code: str, detail: str, upstream: str, more: dict[str, Any]) -> None:
        super().__init__(code, detail, upstream, more["retry_after_ms"] / 1000)
        self.attempts: list[dict[str, Any]] = more["attempts"]


class CircuitOpen(Error):
    """A breaker rejected the call; nothing was sent."""

    def __init__(self, retry_after: float, upstream: str = "") -> None:
        detail = f"circuit open, try again in {retry_after:.3f} s"
        super().__init__("circuit_open", detail, upstream, retry_after)


def error_from(code: int, text: str) -> Error:
    if not text:
        return Error("no_memory" if code == 12 else "internal" if code == 13 else "invalid_argument")
    report = json.loads(text)
    word, detail, upstream = report["code"], report.get("detail", ""), report.get("upstream", "")
    if "attempts" in report:
        return ChatFailed(word, detail, upstream, report)
    retry_after = report.get("retry_after_ms", 0) / 1000
    if word == "circuit_open":
        return CircuitOpen(retry_after, upstream)
    return Error(word, detail, upstream, retry_after)
