"""Transports to upstreams: over sockets, or through a custom function."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import inspect
import itertools
import operator
from ctypes import byref, c_size_t
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, Optional, Sequence, Union

from ._describe import is_async
from ._errors import Error
from ._library import RELEASE, SEND, Handle, bytes_at, encode, lib, make, ms, pairs

# The codes of vx11.h in order, starting at 1.
_CODES = (
    "invalid_argument unreachable timeout cancelled circuit_open asleep http_status invalid_reply "
    "too_large storage unavailable no_memory internal rejected "
    "address_unavailable exhausted"
).split()


@dataclass(frozen=True)
class Request:
    """The request to send. `remaining` is the remaining time in seconds, or None without a timeout."""

    method: str
    origin: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    remaining: Optional[float]


@dataclass
class Response:
    """A response of any status."""

    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)


Send = Callable[[Request], Union[Response, Awaitable[Response]]]


class Transport(Handle):
    """Base class of transports. Thread-safe; may be shared by several clients."""

    _free = "vx11_transport_free"


class HttpTransport(Transport):
    """HTTP and HTTPS over sockets, on one thread of the library. `between_chunks_timeout` is the longest
    time between two parts of a streamed response, in seconds; `first_byte_timeout` that from the request
    to the first byte. The files are PEM: the authorities to trust (default: the system's), and a
    certificate with its key for servers that ask for one. A server's key must be one of `pins`, if there
    are any: each `sha256//` and the base64 of the SHA-256 of the public key, as `curl --pinnedpubkey`
    takes them."""

    def __init__(
        self,
        *,
        connect_timeout: float = 1.0,
        between_chunks_timeout: float = 30.0,
        max_body_bytes: int = 4 * 1024 * 1024,
        ca_file: str = "",
        first_byte_timeout: Optional[float] = None,
        certificate_file: str = "",
        key_file: str = "",
        pins: Sequence[str] = (),
    ) -> None:
        description = encode(
            {
                "connect_timeout_ms": ms(connect_timeout),
                "between_chunks_timeout_ms": ms(between_chunks_timeout),
                "max_body_bytes": max_body_bytes,
                "ca_file": ca_file,
                "first_byte_timeout_ms": None if first_byte_timeout is None else ms(first_byte_timeout),
                "certificate_file": certificate_file,
                "key_file": key_file,
                "pins": list(pins),
            }
        )
        super().__init__(make(lib.vx11_transport_new, description))


class _Function:
    """The function of a transport, kept alive as long as the library may call it, which may be longer
    than the transport's handle."""

    _in_use: dict[int, _Function] = {}
    _last = itertools.count(1)

    def __init__(self, send: Send, loop: Optional[asyncio.AbstractEventLoop]) -> None:
        self._send = send
        self._loop = loop
        self.key = next(self._last)
        self._in_use[self.key] = self

    def call(self, call: int) -> None:
        """Sends, now or on the loop, and completes the call."""
        try:
            request = _request_of(call)
            if self._loop is not None:
                sending = asyncio.run_coroutine_threadsafe(self._await(request), self._loop)
                sending.add_done_callback(functools.partial(_complete, call))
                return
            answer = self._send(request)
        except BaseException as error:  # no exception may leave a callback
            _fail(call, error)
        else:
            _answer(call, answer)

    async def _await(self, request: Request) -> Any:
        answer = self._send(request)
        return await answer if inspect.isawaitable(answer) else answer


def _request_of(call: int) -> Request:
    size = c_size_t()
    body = lib.vx11_call_body(call, byref(size))
    remaining_ms = lib.vx11_call_remaining_ms(call)
    return Request(
        method=lib.vx11_call_method(call).decode(),
        origin=lib.vx11_call_origin(call).decode(),
        target=lib.vx11_call_target(call).decode(),
        headers=[
            (
                lib.vx11_call_header_name(call, i).decode("latin-1"),
                lib.vx11_call_header_value(call, i).decode("latin-1"),
            )
            for i in range(lib.vx11_call_header_count(call))
        ],
        body=bytes_at(body, size.value),
        remaining=None if remaining_ms < 0 else remaining_ms / 1000,
    )


def _answer(call: int, answer: Any) -> None:
    """Completes the call, whatever the transport returned."""
    try:
        if not isinstance(answer, Response):
            raise TypeError("a transport's function returns a vx11.Response")
        status = operator.index(answer.status)
        headers = list(answer.headers)
        flat = pairs(headers)
        body = memoryview(answer.body).tobytes()
        if not 100 <= status <= 599:
            raise ValueError("the status is none of HTTP")
    except BaseException as error:  # no exception may leave a callback
        _fail(call, error)
    else:
        lib.vx11_call_answer(call, status, flat, len(headers), body, len(body))


def _fail(call: int, error: BaseException) -> None:
    """Only the text of an Error may be shown to clients."""
    code, detail = "unreachable", f"{type(error).__name__} in the transport"
    if isinstance(error, Error):
        with contextlib.suppress(BaseException):  # of a class of the program's own
            code, detail = error.code if error.code in _CODES else code, str(error.detail)
    text = detail.replace("\0", "").encode(errors="replace")
    lib.vx11_call_fail(call, _CODES.index(code) + 1, text)


def _complete(call: int, sent: concurrent.futures.Future[Any]) -> None:
    error = concurrent.futures.CancelledError() if sent.cancelled() else sent.exception()
    if error is not None:
        _fail(call, error)
    else:
        _answer(call, sent.result())


def _call_function(context: int, call: int) -> None:
    function = _Function._in_use.get(context)
    if function is None:
        _fail(call, Error("unreachable", "the transport is gone"))
    else:
        function.call(call)


def _release_function(context: int) -> None:
    _Function._in_use.pop(context, None)


_send = SEND(_call_function)
_release = RELEASE(_release_function)


class FunctionTransport(Transport):
    """Sends through a custom function: a plain one, called on the requesting thread or, for requests of
    the main thread, on one of the package's; or a coroutine function, run on `loop` (default: the
    running loop). It raises vx11.Error for failures; any other
    exception counts as unreachable. It may be called by several threads at once.

    On the loop's thread use only the async calls: a blocking call there would deadlock.
    """

    def __init__(self, send: Send, loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
        if not callable(send):
            raise TypeError(f"a {type(send).__name__} is no function")
        if loop is None and is_async(send):
            loop = asyncio.get_running_loop()
        function = _Function(send, loop)
        super().__init__(make(lib.vx11_transport_custom, _send, function.key, _release))
