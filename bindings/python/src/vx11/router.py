"""The router: tries an ordered list of upstreams until one answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Union

from ._library import Handle, answer, encode, handle_of, handles, lib, make, ms, text
from ._waiting import Limit, Stop, asks, awaited, blocking
from .breaker import CircuitBreaker
from .transport import HttpTransport, Transport


@dataclass
class Target:
    """One upstream. `dialect` is "switch" or "madre" (default: chosen by the name), or the description of
    one: {"path": "/v1/chat", "body": {"prompt": "{message}"}, "text": "/answer"}, where `text` is the JSON
    pointer to the answer; vx11.h lists what is replaced in the body. Without a transport or a breaker one
    is created. `try_timeout` is the timeout of one try in seconds."""

    name: str
    url: str
    transport: Optional[Transport] = None
    breaker: Optional[CircuitBreaker] = None
    dialect: Optional[Union[str, Mapping[str, Any]]] = None
    try_timeout: float = 15.0
    headers: Optional[Mapping[str, str]] = None

    def description(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "url": self.url,
            "try_timeout_ms": ms(self.try_timeout),
            "dialect": self.dialect or "",
            "headers": dict(self.headers or {}),
        }


@dataclass(frozen=True)
class Reply:
    """The answer and its origin. `rank` above 0 means a fallback, `reason` the cause."""

    text: str
    source: str
    rank: int
    reason: str
    attempts: list[dict[str, Any]]
    upstream: dict[str, Any]


class Router(Handle):
    """Tries its targets in order until one answers. Thread-safe. `total_timeout` is the timeout of a
    whole ask in seconds. Raises ChatFailed if no target answered."""

    _free = "vx11_router_free"

    def __init__(self, targets: Sequence[Target], *, total_timeout: float = 30.0) -> None:
        sockets = HttpTransport() if any(t.transport is None for t in targets) else None
        description = encode(
            {
                "total_timeout_ms": ms(total_timeout),
                "targets": [t.description() for t in targets],
            }
        )
        transports = handles([t.transport or sockets for t in targets])
        breakers = handles([t.breaker for t in targets])
        super().__init__(make(lib.vx11_router_new, description, transports, breakers))
        self._total_timeout = total_timeout

    def ask(
        self,
        message: str,
        *,
        session_id: str = "",
        user_id: str = "local",
        metadata: Optional[Mapping[str, Any]] = None,
        context_summary: str = "",
        timeout: Optional[float] = None,
    ) -> Reply:
        """Blocks until the answer, at most `timeout` seconds from now."""
        chat = _chat(message, session_id, user_id, metadata, context_summary)
        limit = self._limit(timeout)
        return blocking(asks, lambda stop: self._ask(chat, limit, stop))

    async def ask_async(
        self,
        message: str,
        *,
        session_id: str = "",
        user_id: str = "local",
        metadata: Optional[Mapping[str, Any]] = None,
        context_summary: str = "",
        timeout: Optional[float] = None,
    ) -> Reply:
        """The async version. Cancelling the task cancels the ask."""
        chat = _chat(message, session_id, user_id, metadata, context_summary)
        limit = self._limit(timeout)
        return await awaited(asks, limit, lambda stop: self._ask(chat, limit, stop))

    def breaker(self, target: str) -> CircuitBreaker:
        """The breaker of the target with this name."""
        return CircuitBreaker._of(make(lib.vx11_router_breaker, self.handle, text(target)))

    def _limit(self, timeout: Optional[float]) -> Limit:
        return Limit(self._total_timeout if timeout is None else min(timeout, self._total_timeout))

    def _ask(self, chat: bytes, limit: Limit, stop: Optional[Stop]) -> Reply:
        return Reply(**answer(lib.vx11_router_ask, self.handle, chat, limit.ms(), handle_of(stop)))


def _chat(
    message: str,
    session_id: str,
    user_id: str,
    metadata: Optional[Mapping[str, Any]],
    context_summary: str,
) -> bytes:
    return encode(
        {
            "message": message,
            "session_id": session_id,
            "user_id": user_id,
            "metadata": dict(metadata or {}),
            "context_summary": context_summary,
        }
    )
