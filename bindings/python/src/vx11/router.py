"""The router: tries an ordered list of upstreams until one answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Mapping, Optional, Sequence, Union

from ._library import Handle, answer, encode, given, handle_of, handles, lib, make, ms, ms_or_default, text
from ._waiting import Limit, Stop, asks, awaited, blocking
from .breaker import CircuitBreaker
from .stream import ChatStream
from .transport import HttpTransport, Transport


Policy = Literal["peak_ewma", "weighted_round_robin", "least_in_flight", "sticky_session"]


@dataclass
class Target:
    """One upstream. `dialect` is its API (default: chosen by the name, if that is "switch" or "madre"):

    - "openai" (llama.cpp, vLLM, Ollama, LM Studio and hosts), "ollama" or "anthropic". A path in `url` is
      the API's base path, by default "/v1", of "ollama" none. `model` is required but for "openai".
      `key` is sent as the API has it, `history_tokens` limits the history that is sent, `extra` are
      members of each request, such as {"temperature": 0.2}; `max_tokens` is for "anthropic", `path`, the
      whole path and query of requests in place of a path in `url`, for "openai".
    - "switch" or "madre".
    - the description of another one: {"path": "/v1/chat", "body": {"prompt": "{message}"}, "text":
      "/answer"}, where `text` is the JSON pointer to the answer; vx11.h lists what is replaced in the body.

    Without a transport or a breaker one is created. `try_timeout` is the timeout of one try in seconds.
    Targets that follow one another with the same `group` are one step of the router; one of them is
    chosen for each chat, by `weight` and the group's policy."""

    name: str
    url: str
    transport: Optional[Transport] = None
    breaker: Optional[CircuitBreaker] = None
    dialect: Optional[Union[str, Mapping[str, Any]]] = None
    try_timeout: float = 15.0
    headers: Optional[Mapping[str, str]] = None
    model: Optional[str] = None
    key: Optional[str] = field(default=None, repr=False)
    system_prompt: Optional[str] = None
    history_tokens: Optional[int] = None
    max_tokens: Optional[int] = None
    path: Optional[str] = None
    extra: Optional[Mapping[str, Any]] = None
    group: Optional[str] = None
    weight: Optional[int] = None

    def description(self) -> dict[str, Any]:
        return given(
            {
                "name": self.name,
                "url": self.url,
                "try_timeout_ms": ms(self.try_timeout),
                "dialect": self.dialect,
                "headers": dict(self.headers or {}),
                "model": self.model,
                "key": self.key,
                "system_prompt": self.system_prompt,
                "history_tokens": self.history_tokens,
                "max_tokens": self.max_tokens,
                "path": self.path,
                "extra": self.extra and dict(self.extra),
                "group": self.group,
                "weight": self.weight,
            }
        )


@dataclass
class Group:
    """How the targets of one group share their chats. None: the default, which vx11.h shows. "peak_ewma"
    takes the fastest of two random targets, and alone has `decay` and `failure_cost`; "sticky_session"
    the same target for all chats of a session. `max_targets` are asked for one chat at most. Times are in
    seconds."""

    name: str
    policy: Policy = "peak_ewma"
    max_targets: Optional[int] = None
    decay: Optional[float] = None
    failure_cost: Optional[float] = None
    default_cooldown: Optional[float] = None
    max_cooldown: Optional[float] = None
    slow_start: Optional[float] = None

    def description(self) -> dict[str, Any]:
        return given(
            {
                "name": self.name,
                "policy": self.policy,
                "max_targets": self.max_targets,
                "decay_ms": ms_or_default(self.decay),
                "failure_cost_ms": ms_or_default(self.failure_cost),
                "default_cooldown_ms": ms_or_default(self.default_cooldown),
                "max_cooldown_ms": ms_or_default(self.max_cooldown),
                "slow_start_ms": ms_or_default(self.slow_start),
            }
        )


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
    first, each with `role` ("system", "user", "assistant") and `content`, for targets that take them."""

    _free = "vx11_router_free"

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        total_timeout: float = 30.0,
        groups: Sequence[Group] = (),
    ) -> None:
        sockets = HttpTransport() if any(t.transport is None for t in targets) else None
        description = encode(
            {
                "total_timeout_ms": ms(total_timeout),
                "targets": [t.description() for t in targets],
                "groups": [g.description() for g in groups],
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
