"""The circuit breaker: rejects calls to an upstream that keeps failing."""

from __future__ import annotations

import functools
import inspect
from ctypes import byref, c_int, c_int64, c_void_p
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, Literal, NoReturn, Optional, TypeVar, Union, cast

from ._describe import Described, all_of, is_async, seconds
from ._errors import NEUTRAL_CODES, CircuitOpen, Error
from ._library import Handle, answer, check, encode, lib, make, ms

F = TypeVar("F", bound=Callable[..., Any])
State = Literal["closed", "open", "half_open"]
Mode = Literal["automatic", "isolated", "forced_closed", "disabled", "metrics_only"]

_STATES: tuple[State, ...] = ("closed", "open", "half_open")
_MODES: tuple[Mode, ...] = ("automatic", "isolated", "forced_closed", "disabled", "metrics_only")
_NEUTRAL, _SUCCESS, _FAILURE = range(3)


@dataclass(frozen=True)
class SlowCalls(Described):
    """A call that takes `after` seconds or longer is slow; a share of `rate` of them opens the circuit."""

    after: float = seconds(5.0)
    rate: float = 1.0


@dataclass(frozen=True)
class CountWindow(Described):
    """Opens when `failure_rate` of the last `size` calls have failed, with `minimum_calls` at least."""

    size: int = 100
    minimum_calls: int = 20
    failure_rate: float = 0.5
    slow: Optional[SlowCalls] = None

    def description(self) -> dict[str, Any]:
        return {"window": "count", **super().description()}


@dataclass(frozen=True)
class TimeWindow(Described):
    """Opens when `failure_rate` of the calls in the last `span` seconds have failed. The window moves
    in `buckets` steps."""

    span: float = seconds(60.0)
    buckets: int = 10
    minimum_calls: int = 20
    failure_rate: float = 0.5
    slow: Optional[SlowCalls] = None

    def description(self) -> dict[str, Any]:
        return {"window": "time", **super().description()}


@dataclass(frozen=True)
class OpenGrowth:
    """Each consecutive reopening lasts `factor` times as long as the one before, up to `at_most`
    seconds, times a random number between the two of `jitter`."""

    factor: float = 1.0
    at_most: float = 600.0
    jitter: tuple[float, float] = (1.0, 1.0)

    def description(self) -> dict[str, Any]:
        least, most = self.jitter
        return {
            "factor": self.factor,
            "at_most_ms": ms(self.at_most),
            "jitter": {"from": least, "to": most},
        }


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
    """Opens after `failures_to_open` consecutive failures (default: 3), or by `trip` for the share of
    failures in a window, and admits `probes` calls after `open_for` seconds; `probes_to_close` of them have to succeed
    (default: all). Thread-safe. As a decorator it wraps functions and coroutine functions:

        @breaker
        def fetch(): ...

    `failures` are the exceptions that count; a cancelled task never does, and a rejection further in,
    such as CircuitOpen, only if its type is named.
    """

    _free = "vx11_breaker_free"

    def __init__(
        self,
        *,
        failures_to_open: Optional[int] = None,
        open_for: float = 60.0,
        probes: int = 1,
        probe_timeout: float = 30.0,
        trip: Optional[Union[CountWindow, TimeWindow]] = None,
        probes_to_close: Optional[int] = None,
        growth: Optional[OpenGrowth] = None,
        failures: tuple[type[BaseException], ...] = (Exception,),
    ) -> None:
        if trip is not None:
            all_of((CountWindow, TimeWindow), [trip])
        if growth is not None:
            all_of(OpenGrowth, [growth])
        description = encode(
            {
                "failures_to_open": failures_to_open,
                "open_for_ms": ms(open_for),
                "probes": probes,
                "probe_timeout_ms": ms(probe_timeout),
                "trip": trip and trip.description(),
                "probes_to_close": probes_to_close,
                "growth": growth and growth.description(),
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
        state = int(lib.vx11_breaker_state(self.handle))
        if state not in range(len(_STATES)):  # freed by another thread meanwhile
            raise Error("invalid_argument", f"the {type(self).__name__} is closed")
        return _STATES[state]

    def snapshot(self) -> dict[str, Any]:
        """`state`, `generation`, consecutive `failures` and `retry_after_ms`."""
        return cast("dict[str, Any]", answer(lib.vx11_breaker_snapshot, self.handle))

    @property
    def mode(self) -> Mode:
        """Who controls the state: the breaker, or the program by one of the following calls."""
        mode = c_int()
        check(lib.vx11_breaker_mode(self.handle, byref(mode)), c_void_p())
        return _MODES[mode.value]

    def isolate(self) -> None:
        """Holds it open: every call is rejected."""
        self._set_mode("isolated")

    def force_close(self) -> None:
        """Holds it closed: every call passes and is counted."""
        self._set_mode("forced_closed")

    def disable(self) -> None:
        """Every call passes, none is counted."""
        self._set_mode("disabled")

    def metrics_only(self) -> None:
        """Every call passes; calls and would-be openings are counted."""
        self._set_mode("metrics_only")

    def automatic(self) -> None:
        """Returns to automatic mode: closed, all counts zero. No effect if already automatic."""
        self._set_mode("automatic")

    def reset(self) -> None:
        """Resets to the initial state: automatic, closed, all counts zero."""
        check(lib.vx11_breaker_reset(self.handle), c_void_p())

    def _set_mode(self, mode: Mode) -> None:
        check(lib.vx11_breaker_set_mode(self.handle, _MODES.index(mode)), c_void_p())

    def __call__(self, function: F) -> F:
        if not callable(function):
            raise TypeError(f"a {type(function).__name__} is no function")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError("a call of a generator runs nothing: write `with breaker.acquire():` in it")
        if is_async(function):

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
