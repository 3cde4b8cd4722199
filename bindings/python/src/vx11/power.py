"""Client of madre's power API: windows and services."""

from __future__ import annotations

import json
from typing import Any, Mapping, Optional, Sequence, cast

from ._library import Handle, answer, encode, handle_of, lib, make, ms
from ._waiting import Limit, Stop, awaited, blocking, checks
from .breaker import CircuitBreaker
from .transport import HttpTransport, Transport

_STATUS, _SOLO_STATUS, _APPLY_SOLO, _OPEN, _CLOSE, _START, _STOP, _RESTART = range(8)


class PowerClient(Handle):
    """Reads madre's power state and sends power commands. Thread-safe. Commands return
    `{"status": 200, "answer": {…}}`; a 4xx status is no error. Every call has an `_async` version."""

    _free = "vx11_power_free"

    def __init__(
        self,
        url: str,
        *,
        transport: Optional[Transport] = None,
        breaker: Optional[CircuitBreaker] = None,
        timeout: float = 2.0,
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        description = encode({"url": url, "timeout_ms": ms(timeout), "headers": dict(headers or {})})
        through = transport or HttpTransport()
        super().__init__(
            make(lib.vx11_power_new, description, handle_of(through), handle_of(breaker))
        )

    def power_state(self, *, timeout: Optional[float] = None) -> dict[str, Any]:
        """`policy`, `windows`, `running` and `available` services."""
        limit = Limit(timeout)
        return blocking(checks, lambda stop: self._state(limit, stop))

    async def power_state_async(self, *, timeout: Optional[float] = None) -> dict[str, Any]:
        limit = Limit(timeout)
        return await awaited(checks, limit, lambda stop: self._state(limit, stop))

    def status(self) -> dict[str, Any]:
        return self._send(_STATUS, {})

    async def status_async(self) -> dict[str, Any]:
        return await self._send_async(_STATUS, {})

    def solo_madre_status(self) -> dict[str, Any]:
        return self._send(_SOLO_STATUS, {})

    async def solo_madre_status_async(self) -> dict[str, Any]:
        return await self._send_async(_SOLO_STATUS, {})

    def apply_solo_madre(self) -> dict[str, Any]:
        """Puts every service except madre, tentaculo_link and redis to sleep."""
        return self._send(_APPLY_SOLO, {})

    async def apply_solo_madre_async(self) -> dict[str, Any]:
        return await self._send_async(_APPLY_SOLO, {})

    def open_window(
        self, services: Sequence[str], *, ttl: Optional[int] = 300, reason: str = ""
    ) -> dict[str, Any]:
        """Wakes services for `ttl` seconds; None keeps the window open until it is closed."""
        return self._send(_OPEN, _window(services, ttl, reason))

    async def open_window_async(
        self, services: Sequence[str], *, ttl: Optional[int] = 300, reason: str = ""
    ) -> dict[str, Any]:
        return await self._send_async(_OPEN, _window(services, ttl, reason))

    def close_window(self, window_id: str = "") -> dict[str, Any]:
        """Without an id: closes the open window."""
        return self._send(_CLOSE, {"id": window_id})

    async def close_window_async(self, window_id: str = "") -> dict[str, Any]:
        return await self._send_async(_CLOSE, {"id": window_id})

    def start(self, service: str) -> dict[str, Any]:
        return self._send(_START, {"service": service})

    async def start_async(self, service: str) -> dict[str, Any]:
        return await self._send_async(_START, {"service": service})

    def stop(self, service: str) -> dict[str, Any]:
        return self._send(_STOP, {"service": service})

    async def stop_async(self, service: str) -> dict[str, Any]:
        return await self._send_async(_STOP, {"service": service})

    def restart(self, service: str) -> dict[str, Any]:
        return self._send(_RESTART, {"service": service})

    async def restart_async(self, service: str) -> dict[str, Any]:
        return await self._send_async(_RESTART, {"service": service})

    def _state(self, limit: Limit, stop: Optional[Stop]) -> dict[str, Any]:
        state = answer(lib.vx11_power_state, self.handle, limit.ms(), handle_of(stop))
        return cast("dict[str, Any]", state)

    def _send(self, command: int, arguments: dict[str, Any]) -> dict[str, Any]:
        return blocking(checks, lambda stop: self._command(command, arguments, stop))

    async def _send_async(self, command: int, arguments: dict[str, Any]) -> dict[str, Any]:
        return await awaited(
            checks, Limit(None), lambda stop: self._command(command, arguments, stop)
        )

    def _command(self, command: int, arguments: dict[str, Any], stop: Optional[Stop]) -> dict[str, Any]:
        text = json.dumps(arguments).encode()  # keeps None: a null ttl differs from the default
        said = answer(lib.vx11_power_send, self.handle, command, text, -1, handle_of(stop))
        return cast("dict[str, Any]", said)


def _window(services: Sequence[str], ttl: Optional[int], reason: str) -> dict[str, Any]:
    return {"services": list(services), "ttl_s": ttl, "reason": reason}
