"""Health of all components, without waking a sleeping service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Mapping, Optional, Sequence, cast

from ._describe import Described, all_of, apart, seconds
from ._library import Handle, answer, encode, handle_of, handles, lib, make, ms
from ._waiting import Limit, Stop, awaited, blocking, checks
from .breaker import CircuitBreaker
from .power import PowerClient
from .transport import HttpTransport, Transport

Check = Literal["http", "redis", "breaker", "self", "absent", "not_configured"]


@dataclass
class Component(Described):
    """One component and how it is checked. "http" and "redis" need a `url`, "breaker" a breaker, whose
    state is read."""

    name: str
    check: Check = "not_configured"
    port: int = 0
    required: bool = False
    url: str = ""
    path: str = "/health"
    headers: Optional[Mapping[str, str]] = None
    transport: Optional[Transport] = apart()
    breaker: Optional[CircuitBreaker] = apart()
    timeout: float = seconds(2.0)


class HealthAggregator(Handle):
    """Checks all components in parallel and computes the overall status. Thread-safe."""

    _free = "vx11_health_free"

    def __init__(
        self,
        components: Sequence[Component],
        *,
        power: Optional[PowerClient] = None,
        reuse_for: float = 0.0,
    ) -> None:
        components = all_of(Component, components)
        sockets = HttpTransport()
        description = encode(
            {"reuse_for_ms": ms(reuse_for), "components": [c.description() for c in components]}
        )
        transports = handles([c.transport or sockets for c in components])
        breakers = handles([c.breaker for c in components])
        super().__init__(
            make(lib.vx11_health_new, description, transports, breakers, handle_of(power))
        )

    def status(self, *, timeout: Optional[float] = None) -> dict[str, Any]:
        """`overall`, `components` in their order, and `power`, None if unknown."""
        limit = Limit(timeout)
        return blocking(checks, lambda stop: self._check(limit, stop))

    async def status_async(self, *, timeout: Optional[float] = None) -> dict[str, Any]:
        # Not the limit of the wait: when it passes, the report has what is known by then.
        limit = Limit(timeout)
        return await awaited(checks, Limit(None), lambda stop: self._check(limit, stop))

    def _check(self, limit: Limit, stop: Optional[Stop]) -> dict[str, Any]:
        report = answer(lib.vx11_health_check, self.handle, limit.ms(), handle_of(stop))
        return cast("dict[str, Any]", report)
