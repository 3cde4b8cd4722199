"""Awaits blocking calls on the package's threads; cancelling the awaiting task cancels the call."""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, TypeVar

from ._library import Handle, lib

T = TypeVar("T")

# Not asyncio's default executor: a transport written in Python may itself need one of its threads.
_threads = ThreadPoolExecutor(max_workers=64, thread_name_prefix="vx11")


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


async def awaited(call: Callable[[Stop], T]) -> T:
    """Runs `call` on a thread. Cancelling the task cancels the call without waiting for its end."""
    stop = Stop()
    running = asyncio.get_running_loop().run_in_executor(_threads, functools.partial(call, stop))
    try:
        return await running
    except asyncio.CancelledError:
        stop.request()
        raise
