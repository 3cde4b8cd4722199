"""A streamed answer."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from ctypes import byref, c_void_p
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn, Optional, Union, cast

from ._errors import Error
from ._library import Handle, answer, check, lib, make, take_text
from ._waiting import Limit, asks, awaited, blocking, stop_of_a_call


@dataclass(frozen=True)
class Piece:
    """`text` is a part of the answer, or "" if the piece is no text, such as a part of a tool call;
    `data` is the event as the upstream sent it."""

    text: str
    data: str


class _Opened(Handle):
    _free = "vx11_stream_free"


class ChatStream:
    """The pieces of an answer, by `for` or `async for`; one reader at a time.

    `close` or `aclose`, leaving a `with` or `async with` block, and dropping the stream end the call of
    the upstream; so does cancelling a task that awaits a piece. Leaving a loop drops the stream only if
    nothing else refers to it. A read that another thread's `close` ends raises Error "cancelled". An answer that ends early raises Error
    after the pieces that arrived. `source`, `reason` and `attempts` are known after the first piece,
    `upstream`, `finish_reason` and the tokens after the end; the tokens are None if not reported.
    """

    def __init__(self, router: Handle, chat: bytes, limit: Limit, piece_timeout: Optional[float]) -> None:
        self._router, self._chat = router, chat
        self._limit: Optional[Limit] = limit  # for the first piece
        Limit(piece_timeout)  # raises for what is no timeout
        self._piece_timeout = piece_timeout
        self._pieces: deque[Piece] = deque()
        self._summary: dict[str, Any] = {}
        self._error: Optional[Error] = None
        self._opened: Optional[_Opened] = None
        self._ended = self._reading = False
        self._lock = threading.RLock()  # also taken by __del__, at any moment
        self._stop = stop_of_a_call()

    # ---- what is known of it

    @property
    def source(self) -> str:
        """The name of the target that answers."""
        return cast(str, self._summary.get("source", ""))

    @property
    def reason(self) -> str:
        """Why the first target does not answer."""
        return cast(str, self._summary.get("reason", ""))

    @property
    def attempts(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self._summary.get("attempts", []))

    @property
    def upstream(self) -> dict[str, Any]:
        """The other members of the upstream's answer."""
        return cast("dict[str, Any]", self._summary.get("upstream", {}))

    @property
    def finish_reason(self) -> Optional[str]:
        """"stop", "length", "tool_calls" or "content_filter"; None before the end and after an error."""
        return cast(Optional[str], self._summary.get("finish_reason"))

    @property
    def input_tokens(self) -> Optional[int]:
        return cast(Optional[int], self._summary.get("input_tokens"))

    @property
    def output_tokens(self) -> Optional[int]:
        return cast(Optional[int], self._summary.get("output_tokens"))

    # ---- reading

    def __iter__(self) -> ChatStream:
        return self

    def __next__(self) -> Piece:
        while isinstance(found := self._take_or_begin(), Limit):
            limit = found
            try:
                blocking(asks, lambda stop: self._read(limit))
            except BaseException as error:
                self._end(error)
                raise
            finally:
                self._reading = False
        if found is None:
            raise StopIteration
        return found

    def __aiter__(self) -> ChatStream:
        return self

    async def __anext__(self) -> Piece:
        while isinstance(found := self._take_or_begin(), Limit):
            limit = found
            try:
                await awaited(asks, limit, lambda stop: self._read(limit))
            except BaseException as error:
                self._end(error)
                raise
            finally:
                self._reading = False
        if found is None:
            raise StopAsyncIteration
        return found

    def _take_or_begin(self) -> Union[Piece, Limit, None]:
        """The next piece; the limit of the read that has begun if none is there; None at the end."""
        with self._lock:
            if self._ended:
                return None
            if self._reading:
                raise Error("invalid_argument", "the stream is being read by another call")
            if self._pieces:
                return self._pieces.popleft()
            if self._error is not None:
                raise self._error.with_traceback(None)
            self._reading = True
            limit, self._limit = self._limit, None
            return limit or Limit(self._piece_timeout)

    def _read(self, limit: Limit) -> None:
        """Opens the stream if it is not open yet, and takes the pieces that have arrived."""
        try:
            opened = self._opened or self._open(limit)
            self._read_pieces(opened.handle, limit)
        except Error:
            if self._ended:  # by another thread, which may have freed the handle
                raise Error("cancelled", "the stream was closed") from None
            raise

    def _read_pieces(self, handle: int, limit: Limit) -> None:
        text, error = c_void_p(), c_void_p()
        code = lib.vx11_stream_read(handle, limit.ms(), self._stop.handle, byref(text), byref(error))
        pieces = json.loads(take_text(text) or "[]")
        if not pieces:
            with contextlib.suppress(Error):  # which would hide that of the read
                self._summary = answer(lib.vx11_stream_summary, handle)
        check(code, error)
        if not pieces:
            return self.close()
        with self._lock:
            if not self._ended and self._error is None:
                self._pieces.extend(Piece(**piece) for piece in pieces)

    def _open(self, limit: Limit) -> _Opened:
        opened = _Opened(
            make(
                lib.vx11_router_stream,
                self._router.handle,
                self._chat,
                limit.ms(),
                self._stop.handle,
            )
        )
        self._summary = answer(lib.vx11_stream_summary, opened.handle)
        with self._lock:
            closed = self._ended or self._error is not None  # meanwhile
            if not closed:
                self._opened = opened
        if closed:
            opened.close()
        return opened

    # ---- ending

    def _end(self, error: BaseException) -> None:
        """Later reads report the error: an answer that was cut never looks complete."""
        with self._lock:
            cancelled = Error("cancelled", "the read of the stream was cancelled")
            if not self._ended:
                self._error = error if isinstance(error, Error) else cancelled
        self._release()

    def _release(self) -> None:
        """Without the lock: a fork meanwhile would leave it locked in the child."""
        with self._lock:
            opened, self._opened = self._opened, None
        if self._stop._is_live:  # garbage is freed in any order
            self._stop.request()
        if opened is not None:
            opened.close()

    def close(self) -> None:
        """Ends the call of the upstream, if it has not ended. Never waits."""
        if not hasattr(self, "_stop"):  # of a constructor that failed
            return
        with self._lock:
            self._ended = self._error is None
            self._pieces.clear()
        self._release()

    async def aclose(self) -> None:
        self.close()

    def __enter__(self) -> ChatStream:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    async def __aenter__(self) -> ChatStream:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a ChatStream can be neither copied nor pickled")
