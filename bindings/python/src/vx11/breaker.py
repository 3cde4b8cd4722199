"""The circuit breaker: rejects calls to an upstream that keeps failing."""

from __future__ import annotations

import functools
import inspect
from ctypes import byref, c_int64, c_void_p
from types import TracebackType
from typing import Any, Callable, Literal, NoReturn, Optional, TypeVar, cast

from ._errors import NEUTRAL_CODES, CircuitOpen, Error
from ._library import Handle, answer, check, encode, lib, make, ms

F = TypeVar("F", bound=Callable[..., Any])
State = Literal["closed", "open", "half_open"]

_STATES: tuple[State, ...] = ("closed", "open", "half_open")
_NEUTRAL, _SUCCESS, _FAILURE = range(3)


class Permit:
    """Permission for one call. In a `with` block, an exception among `failures` is a failure, any
    other is neutral, none is a success; or report it explicitly. Only the first outcome counts. A
    rejection further in, such as CircuitOpen, is neutral unless `failures` names that type."""

    def __init__(self, handle: int, failures: tuple[type[BaseException], ...]) -> None:
        self._handle: Optional[int] = handle
        self._failures = failures

    def success(self) -> None:
        self._finish(_SUCCESS)

    def failure(self) -> None:
        self._finish(_FAILURE)

    def neutral(self) -> None:
        self._finish(_NEUTRAL)

    def _finish(self, verdict: int) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            lib.vx11_permit_finish(handle, verdict)

    def __enter__(self) -> Permit:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if kind is None:
            self.success()
        elif self._counts(kind, error):
            self.failure()
        else:
            self.neutral()

    def __del__(self) -> None:
        self.neutral()

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Permit can be neither copied nor pickled")

    def _counts(self, kind: type[BaseException], error: Optional[BaseException]) -> bool:
        if isinstance(error, Error) and error.code in NEUTRAL_CODES:
            return any(issubclass(named, Error) and issubclass(kind, named) for named in self._failures)
        return issubclass(kind, self._failures)


class CircuitBreaker(Handle):
    """Opens after `failures_to_open` consecutive failures and admits `probes` calls after `open_for`
    seconds. Thread-safe. As a decorator it wraps functions and coroutine functions:

        @breaker
        def fetch(): ...

    `failures` are the exceptions that count; a cancelled task never does, and a rejection further in,
    such as CircuitOpen, only if its type is named.
    """

    _free = "vx11_breaker_free"

    def __init__(
        self,
        *,
        failures_to_open: int = 3,
        open_for: float = 60.0,
        probes: int = 1,
        probe_timeout: float = 30.0,
        failures: tuple[type[BaseException], ...] = (Exception,),
    ) -> None:
        description = encode(
            {
                "failures_to_open": failures_to_open,
                "open_for_ms": ms(open_for),
                "probes": probes,
                "probe_timeout_ms": ms(probe_timeout),
            }
        )
        super().__init__(make(lib.vx11_breaker_new, description))
        self._failures = failures

    @classmethod
    def _of(cls, handle: int) -> CircuitBreaker:
        """Wraps a handle of the library."""
        breaker = cls.__new__(cls)
        Handle.__init__(breaker, handle)
        breaker._failures = (Exception,)
        return breaker

    def acquire(self) -> Permit:
        """Requests permission for one call. Raises CircuitOpen if it is rejected."""
        permit, retry_after_ms = c_void_p(), c_int64()
        code = lib.vx11_breaker_acquire(self.handle, byref(permit), byref(retry_after_ms))
        if code == 5:
            raise CircuitOpen(retry_after_ms.value / 1000)
        check(code, c_void_p())
        return Permit(cast(int, permit.value), self._failures)

    @property
    def state(self) -> State:
        """The effective state. Does not change the breaker."""
        return _STATES[int(lib.vx11_breaker_state(self.handle))]

    def snapshot(self) -> dict[str, Any]:
        """`state`, `generation`, consecutive `failures` and `retry_after_ms`."""
        return cast("dict[str, Any]", answer(lib.vx11_breaker_snapshot, self.handle))

    def __call__(self, function: F) -> F:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                with self.acquire():
                    return await function(*args, **kwargs)

            return cast(F, awaited)

        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with self.acquire():
                return function(*args, **kwargs)

        return cast(F, called)
