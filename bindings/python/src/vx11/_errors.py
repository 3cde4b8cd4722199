"""The library's errors as exceptions."""

from __future__ import annotations

import json
from typing import Any


class Error(Exception):
    """A failure. `code` is a stable identifier, `upstream` the name of the one concerned, or ""."""

    def __init__(self, code: str, detail: str = "", upstream: str = "") -> None:
        super().__init__(f"{upstream + ': ' if upstream else ''}{detail or code}")
        self.code = code
        self.detail = detail
        self.upstream = upstream


class ChatFailed(Error):
    """No target answered. `attempts` lists the tries; retry after `retry_after` seconds."""

    def __init__(self, code: str, detail: str, upstream: str, more: dict[str, Any]) -> None:
        super().__init__(code, detail, upstream)
        self.attempts: list[dict[str, Any]] = more["attempts"]
        self.retry_after: float = more["retry_after_ms"] / 1000


class CircuitOpen(Error):
    """A breaker rejected the call; nothing was sent. A retry makes sense after `retry_after` s."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("circuit_open", f"circuit open, try again in {retry_after:.3f} s")
        self.retry_after = retry_after


def error_from(code: int, text: str) -> Error:
    if not text:
        return Error("no_memory" if code == 12 else "internal")
    told = json.loads(text)
    word, detail, upstream = told["code"], told.get("detail", ""), told.get("upstream", "")
    if "attempts" in told:
        return ChatFailed(word, detail, upstream, told)
    return Error(word, detail, upstream)
