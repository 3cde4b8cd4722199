"""The operator endpoints as a function from request to response."""

from __future__ import annotations

from ctypes import byref, c_size_t, c_void_p
from typing import Any, Mapping, Optional, Sequence

from ._library import Handle, bytes_at, check, encode, lib, make, pairs, timeout_ms
from ._waiting import Stop, awaited
from .health import HealthAggregator
from .power import PowerClient
from .router import Router
from .sessions import SessionStore
from .transport import Response


class OperatorApi(Handle):
    """Answers the operator endpoints; usable behind any server. Thread-safe.

    `auth` is one of {"token": …}, {"jwt": {…}} and, for loopback listeners only, {"open": True}.
    """

    _free = "vx11_operator_free"

    def __init__(
        self,
        *,
        auth: Mapping[str, Any],
        router: Router,
        health: HealthAggregator,
        power: PowerClient,
        sessions: SessionStore,
        primary: str = "switch",
    ) -> None:
        description = encode({"auth": dict(auth), "primary": primary})
        parts = router.handle, health.handle, power.handle, sessions.handle
        super().__init__(make(lib.vx11_operator_new, description, *parts))

    def handle_request(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        timeout: Optional[float] = None,
    ) -> Response:
        """Answers one request; an HTTP error is a response too. `target` is path and query."""
        return self._handle(method, target, headers, body, timeout, None)

    async def handle_request_async(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        timeout: Optional[float] = None,
    ) -> Response:
        return await awaited(lambda stop: self._handle(method, target, headers, body, timeout, stop))

    def drain(self) -> None:
        """Makes `/readyz` report not ready from now on."""
        lib.vx11_operator_drain(self.handle)

    def _handle(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        timeout: Optional[float],
        stop: Optional[Stop],
    ) -> Response:
        response, error = c_void_p(), c_void_p()
        request = method.encode(), target.encode(), pairs(headers), len(headers), body, len(body)
        stopping = stop.handle if stop else None
        ending = timeout_ms(timeout), stopping, byref(response), byref(error)
        check(lib.vx11_operator_handle(self.handle, *request, *ending), error)
        try:
            return _response_of(response)
        finally:
            lib.vx11_response_free(response)


def _response_of(response: c_void_p) -> Response:
    size = c_size_t()
    body = lib.vx11_response_body(response, byref(size))
    names = [
        (lib.vx11_response_header_name(response, i), lib.vx11_response_header_value(response, i))
        for i in range(lib.vx11_response_header_count(response))
    ]
    return Response(
        status=lib.vx11_response_status(response),
        body=bytes_at(body, size.value),
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in names],
    )
