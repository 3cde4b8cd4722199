"""The router: tries an ordered list of upstreams until one answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

from ._describe import all_of
from ._library import Handle, answer, encode, handle_of, handles, lib, make, ms, text
from ._waiting import Limit, Stop, asks, awaited, blocking
from .breaker import CircuitBreaker
from .stream import ChatStream
from .targets import FallbackRule, Group, Overtaken, Shadow, Target
from .transport import HttpTransport


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
    whole ask in seconds. Raises ChatFailed if no target answered. `history` are earlier messages, oldest
    first, each with `role` ("system", "user", "assistant") and `content`, for targets that take them.

    The first of `fallback_rules` that applies to an answer outside 2xx decides; without one the next
    target is asked. When the breakers of all targets reject a chat, up to `last_resorts` at a time are
    sent to the first one all the same; by default they fail with CircuitOpen's code. A call that was
    overtaken (`Target.fallback_after`) runs to its limit for its breaker; "cancel" ends it."""

    _free = "vx11_router_free"

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        total_timeout: float = 30.0,
        groups: Sequence[Group] = (),
        fallback_rules: Sequence[FallbackRule] = (),
        last_resorts: int = 0,
        overtaken: Overtaken = "observe",
        shadow: Optional[Shadow] = None,
    ) -> None:
        targets = all_of(Target, targets)
        if shadow is not None:
            all_of(Shadow, [shadow])
        asked = all_of(Target, [*targets, shadow.target] if shadow else targets)
        sockets = HttpTransport() if any(t.transport is None for t in asked) else None
        description = encode(
            {
                "total_timeout_ms": ms(total_timeout),
                "targets": [t.description() for t in targets],
                "groups": [g.description() for g in all_of(Group, groups)],
                "fallback_rules": [r.description() for r in all_of(FallbackRule, fallback_rules)],
                "last_resorts": last_resorts,
                "overtaken": overtaken,
                "shadow": shadow and shadow.description(),
            }
        )
        transports = handles([t.transport or sockets for t in asked])
        breakers = handles([t.breaker for t in asked])
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
        history: Sequence[Mapping[str, Any]] = (),
        timeout: Optional[float] = None,
    ) -> Reply:
        """Blocks until the answer, at most `timeout` seconds from now."""
        chat = _chat(message, session_id, user_id, metadata, context_summary, history)
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
        history: Sequence[Mapping[str, Any]] = (),
        timeout: Optional[float] = None,
    ) -> Reply:
        """The async version. Cancelling the task cancels the ask."""
        chat = _chat(message, session_id, user_id, metadata, context_summary, history)
        limit = self._limit(timeout)
        return await awaited(asks, limit, lambda stop: self._ask(chat, limit, stop))

    def stream(
        self,
        message: str,
        *,
        session_id: str = "",
        user_id: str = "local",
        metadata: Optional[Mapping[str, Any]] = None,
        context_summary: str = "",
        history: Sequence[Mapping[str, Any]] = (),
        timeout: Optional[float] = None,
        piece_timeout: Optional[float] = None,
    ) -> ChatStream:
        """A streamed answer, for `for` and `async for`. Asks when the first piece is awaited. `timeout` is
        for the first piece, until which a target that fails is passed by; `piece_timeout` for each later
        one."""
        chat = _chat(message, session_id, user_id, metadata, context_summary, history)
        return ChatStream(self, chat, self._limit(timeout), piece_timeout)

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
    history: Sequence[Mapping[str, Any]],
) -> bytes:
    return encode(
        {
            "message": message,
            "session_id": session_id,
            "user_id": user_id,
            "metadata": dict(metadata or {}),
            "context_summary": context_summary,
            "history": [_role_and_content(message) for message in history],
        }
    )


def _role_and_content(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as a session store returns it, too."""
    return {name: message[name] for name in ("role", "content") if name in message}
