"""Runs blocking calls on the package's threads, for tasks and for the main thread.

The threads are daemons: a process ends without waiting for them.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import math
import os
import threading
import time
import weakref
from collections import deque
from concurrent.futures import Future
from typing import Any, Callable, Optional, TypeVar

from ._errors import Error
from ._library import Handle, lib

T = TypeVar("T")


class Stop(Handle):
    """Cancels the calls that it was passed to."""

    _free = "vx11_stop_free"

    def __init__(self) -> None:
        handle = lib.vx11_stop_new()
        if not handle:
            raise MemoryError
        super().__init__(handle)

    def request(self) -> None:
        lib.vx11_stop_request(self.handle)


class Limit:
    """A timeout that starts when this is made, not when a thread takes the call."""

    def __init__(self, seconds: Optional[float]) -> None:
        if seconds is not None and math.isnan(seconds):
            raise ValueError("a timeout is no number")
        endless = seconds is None or math.isinf(seconds)
        self._end = None if endless else time.monotonic() + max(0.0, seconds or 0.0)

    def seconds(self) -> Optional[float]:
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def ms(self) -> int:
        """As the C interface takes it."""
        left = self.seconds()
        return -1 if left is None else min(math.ceil(left * 1000), 2**62)


class Pool:
    """Threads started on demand up to `most`; further jobs wait."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self.reset()

    def reset(self) -> None:
        """The state of a process without threads."""
        self._changed = threading.Condition()
        self._jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._idle = self._started = 0

    def submit(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._changed:
            self._jobs.append((future, work))
            if self._idle < len(self._jobs) and self._started < self._most:
                self._start()
            self._changed.notify()
        return future

    def _start(self) -> None:
        name = f"vx11-{self._name}-{self._started + 1}"
        try:
            threading.Thread(target=self._serve, name=name, daemon=True).start()
        except RuntimeError:
            if not self._started:
                self._jobs.pop()
                raise Error("exhausted", "no thread could be started") from None
        else:
            self._started += 1

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._jobs:
                    self._changed.wait()
                self._idle -= 1
                future, work = self._jobs.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:
                    future.set_exception(error)
            del future, work


# Apart, so that a long wait does not keep a short one waiting. None is asyncio's default executor: a
# transport written in Python may itself need one of its threads.
asks = Pool("asks", 256)
checks = Pool("checks", 32)
stores = Pool("stores", 8)

_stops: weakref.WeakSet[Stop] = weakref.WeakSet()


def _stop_all() -> None:
    for stop in list(_stops):
        stop.request()


def _start_anew() -> None:
    for pool in (asks, checks, stores):
        pool.reset()
    _stops.clear()


atexit.register(_stop_all)
os.register_at_fork(after_in_child=_start_anew)


def stop_of_a_call() -> Stop:
    """One that is requested when the process ends."""
    stop = Stop()
    _stops.add(stop)
    return stop


def blocking(pool: Pool, call: Callable[[Optional[Stop]], T]) -> T:
    """Calls on this thread; for the main thread on one of the pool's, because a signal handler, such as
    that of Ctrl-C, runs only while the main thread is not inside the library."""
    if threading.current_thread() is not threading.main_thread():
        return call(None)
    stop = stop_of_a_call()
    context = contextvars.copy_context()
    running = pool.submit(lambda: context.run(call, stop))
    try:
        return running.result()
    finally:
        if not running.done():
            running.cancel()
            stop.request()
        del running  # an exception in it refers to this frame


async def awaited(pool: Pool, limit: Limit, call: Callable[[Stop], T]) -> T:
    """Calls on a thread of the pool. Cancelling the task cancels the call without waiting for its end."""
    stop = stop_of_a_call()
    context = contextvars.copy_context()
    running = pool.submit(lambda: context.run(call, stop))
    result = asyncio.wrap_future(running)
    try:
        seconds = limit.seconds()
        if seconds is not None:
            done, _ = await asyncio.wait({result}, timeout=seconds)
            if not done and running.cancel():
                raise Error("timeout", "no thread was free within the timeout")
        return await result
    except asyncio.CancelledError:
        result.cancel()  # and with it the call, if no thread has taken it
        stop.request()
        raise
    finally:
        del running, result  # an exception in them refers to this frame
