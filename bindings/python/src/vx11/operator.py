"""The operator endpoints as a function from request to response."""

from __future__ import annotations

from ctypes import byref, c_size_t, c_void_p
from typing import Any, Mapping, Optional, Sequence

from ._library import Handle, bytes_at, check, encode, handle_of, lib, make, pairs, text
from ._waiting import Limit, Stop, asks, awaited, blocking
from .health import HealthAggregator
from .power import PowerClient
from .router import Router
from .sessions import SessionStore
from .transport import Response

_Request = tuple[str, str, Sequence[tuple[str, str]], bytes]


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
        parts = map(handle_of, (router, health, power, sessions))
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
        limit, request = Limit(timeout), (method, target, headers, body)
        return blocking(asks, lambda stop: self._answer(request, limit, stop))

    async def handle_request_async(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        timeout: Optional[float] = None,
    ) -> Response:
        limit, request = Limit(timeout), (method, target, headers, body)
        return await awaited(asks, limit, lambda stop: self._answer(request, limit, stop))

    def drain(self) -> None:
        """Makes `/readyz` report not ready from now on."""
        check(lib.vx11_operator_drain(self.handle), c_void_p())

    def _answer(self, request: _Request, limit: Limit, stop: Optional[Stop]) -> Response:
        method, target, headers, body = request
        if not isinstance(body, bytes):
            raise TypeError(f"a {type(body).__name__} is no body: encode it")
        response, error = c_void_p(), c_void_p()
        sent = text(method), text(target), pairs(headers), len(headers), body, len(body)
        ending = limit.ms(), handle_of(stop), byref(response), byref(error)
        check(lib.vx11_operator_handle(self.handle, *sent, *ending), error)
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
