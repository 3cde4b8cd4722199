"""What a router is made of: targets, their groups, rules and a shadow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Mapping, Optional, Sequence, Union

from ._describe import Described, apart, seconds
from .breaker import CircuitBreaker
from .transport import Transport

Policy = Literal["peak_ewma", "weighted_round_robin", "least_in_flight", "sticky_session"]
Condition = Literal["context_too_long", "content_refused"]
Overtaken = Literal["observe", "cancel"]


@dataclass
class Target(Described):
    """One upstream. `dialect` is its API (default: chosen by the name, if that is "switch" or "madre"):

    - "openai" (llama.cpp, vLLM, Ollama, LM Studio and hosts), "ollama" or "anthropic". A path in `url` is
      the API's base path, by default "/v1", of "ollama" none. `model` is required but for "openai".
      `key` is sent as the API has it, `history_tokens` limits the history that is sent, `extra` are
      members of each request, such as {"temperature": 0.2}; `max_tokens` is for "anthropic", `path`, the
      whole path and query of requests in place of a path in `url`, for "openai".
    - "switch" or "madre".
    - the description of another one: {"path": "/v1/chat", "body": {"prompt": "{message}"}, "text":
      "/answer"}, where `text` is the JSON pointer to the answer; vx11.h lists what is replaced in the body.

    Without a transport or a breaker one is created. `try_timeout` is the timeout of one try in seconds,
    of a stream to its first piece; `total_timeout` is that of the whole call, of a stream to its end.
    When it has not answered after `fallback_after` seconds, the next target is asked beside it, and the
    first good answer is taken; 0: never. By default that is three times the 95th percentile of its last
    answers, at least 4 s. A router with a FunctionTransport asks one after another.

    Targets that follow one another with the same `group` are one step of the router; one of them is
    chosen for each chat, by `weight` and the group's policy."""

    name: str
    url: str
    transport: Optional[Transport] = apart()
    breaker: Optional[CircuitBreaker] = apart()
    dialect: Optional[Union[str, Mapping[str, Any]]] = None
    try_timeout: float = seconds(15.0)
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
    fallback_after: Optional[float] = seconds()
    total_timeout: Optional[float] = seconds()


@dataclass
class Group(Described):
    """How the targets of one group share their chats. None: the default, which vx11.h shows. "peak_ewma"
    takes the fastest of two random targets, and alone has `decay` and `failure_cost`; "sticky_session"
    the same target for all chats of a session. `max_targets` are asked for one chat at most. Times are in
    seconds."""

    name: str
    policy: Policy = "peak_ewma"
    max_targets: Optional[int] = None
    decay: Optional[float] = seconds()
    failure_cost: Optional[float] = seconds()
    default_cooldown: Optional[float] = seconds()
    max_cooldown: Optional[float] = seconds()
    slow_start: Optional[float] = seconds()


@dataclass(frozen=True)
class FallbackRule(Described):
    """What an answer outside 2xx leads to. It applies by `statuses` (default: all), by `when` or by both:
    "context_too_long" (the chat is longer than the model's context) or "content_refused" (by its content
    filter), as model servers say it. `next` is a group, or a target without one, after that which
    answered; those between are passed by. Without `next` the answer is final: the ask fails with it."""

    statuses: Sequence[int] = ()
    when: Optional[Condition] = None
    next: Optional[str] = None


@dataclass(frozen=True)
class Shadow(Described):
    """A target beside the others that gets copies of a `share` of the chats, at most `max_in_flight` at a
    time. Its answers are dropped; `Router.breaker` has its figures. Its transport is an
    HttpTransport."""

    target: Target
    share: float = 0.01
    max_in_flight: int = 8
