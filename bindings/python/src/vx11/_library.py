"""Loads libvx11_c and declares its functions.

ctypes releases the GIL around every call and takes it again for callbacks, so blocking calls do
not block other threads.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path
from typing import Any, Mapping, NoReturn, Optional, Sequence

from ._errors import Error, error_from

ABI_VERSION = 1

SEND = CFUNCTYPE(None, c_void_p, c_void_p)
RELEASE = CFUNCTYPE(None, c_void_p)

_OUT = POINTER(c_void_p)
_PAIRS = POINTER(c_char_p)

# name: (result, arguments); text returned by the library is a c_void_p, so that it can be freed.
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "vx11_abi_version": (c_int, []),
    "vx11_version": (c_char_p, []),
    "vx11_free": (None, [c_void_p]),
    "vx11_stop_new": (c_void_p, []),
    "vx11_stop_request": (c_int, [c_void_p]),
    "vx11_stop_free": (None, [c_void_p]),
    "vx11_breaker_new": (c_int, [c_char_p, _OUT, _OUT]),
    "vx11_breaker_free": (None, [c_void_p]),
    "vx11_breaker_acquire": (c_int, [c_void_p, _OUT, POINTER(c_int64)]),
    "vx11_permit_finish": (c_int, [c_void_p, c_int]),
    "vx11_breaker_state": (c_int, [c_void_p]),
    "vx11_breaker_snapshot": (c_int, [c_void_p, _OUT, _OUT]),
    "vx11_breaker_mode": (c_int, [c_void_p, POINTER(c_int)]),
    "vx11_breaker_set_mode": (c_int, [c_void_p, c_int]),
    "vx11_breaker_reset": (c_int, [c_void_p]),
    "vx11_transport_new": (c_int, [c_char_p, _OUT, _OUT]),
    "vx11_transport_custom": (c_int, [SEND, c_void_p, RELEASE, _OUT, _OUT]),
    "vx11_transport_free": (None, [c_void_p]),
    "vx11_call_method": (c_char_p, [c_void_p]),
    "vx11_call_origin": (c_char_p, [c_void_p]),
    "vx11_call_target": (c_char_p, [c_void_p]),
    "vx11_call_header_count": (c_size_t, [c_void_p]),
    "vx11_call_header_name": (c_char_p, [c_void_p, c_size_t]),
    "vx11_call_header_value": (c_char_p, [c_void_p, c_size_t]),
    "vx11_call_body": (c_void_p, [c_void_p, POINTER(c_size_t)]),
    "vx11_call_remaining_ms": (c_int64, [c_void_p]),
    "vx11_call_answer": (c_int, [c_void_p, c_int, _PAIRS, c_size_t, c_char_p, c_size_t]),
    "vx11_call_fail": (c_int, [c_void_p, c_int, c_char_p]),
    "vx11_router_new": (c_int, [c_char_p, _OUT, _OUT, _OUT, _OUT]),
    "vx11_router_free": (None, [c_void_p]),
    "vx11_router_ask": (c_int, [c_void_p, c_char_p, c_int64, c_void_p, _OUT, _OUT]),
    "vx11_router_breaker": (c_int, [c_void_p, c_char_p, _OUT, _OUT]),
    "vx11_router_stream": (c_int, [c_void_p, c_char_p, c_int64, c_void_p, _OUT, _OUT]),
    "vx11_stream_read": (c_int, [c_void_p, c_int64, c_void_p, _OUT, _OUT]),
    "vx11_stream_summary": (c_int, [c_void_p, _OUT, _OUT]),
    "vx11_stream_free": (None, [c_void_p]),
    "vx11_power_new": (c_int, [c_char_p, c_void_p, c_void_p, _OUT, _OUT]),
    "vx11_power_free": (None, [c_void_p]),
    "vx11_power_state": (c_int, [c_void_p, c_int64, c_void_p, _OUT, _OUT]),
    "vx11_power_send": (c_int, [c_void_p, c_int, c_char_p, c_int64, c_void_p, _OUT, _OUT]),
    "vx11_health_new": (c_int, [c_char_p, _OUT, _OUT, c_void_p, _OUT, _OUT]),
    "vx11_health_free": (None, [c_void_p]),
    "vx11_health_check": (c_int, [c_void_p, c_int64, c_void_p, _OUT, _OUT]),
    "vx11_sessions_memory": (c_int, [c_char_p, _OUT, _OUT]),
    "vx11_sessions_sqlite": (c_int, [c_char_p, c_char_p, _OUT, _OUT]),
    "vx11_sessions_free": (None, [c_void_p]),
    "vx11_sessions_recent": (c_int, [c_void_p, c_char_p, c_size_t, _OUT, _OUT]),
    "vx11_sessions_find": (c_int, [c_void_p, c_char_p, _OUT, _OUT]),
    "vx11_sessions_append": (c_int, [c_void_p, c_char_p, c_char_p, c_char_p, _OUT]),
    "vx11_operator_new": (
        c_int,
        [c_char_p, c_void_p, c_void_p, c_void_p, c_void_p, _OUT, _OUT],
    ),
    "vx11_operator_free": (None, [c_void_p]),
    "vx11_operator_handle": (
        c_int,
        [c_void_p, c_char_p, c_char_p, _PAIRS, c_size_t, c_char_p, c_size_t, c_int64, c_void_p]
        + [_OUT, _OUT],
    ),
    "vx11_operator_drain": (c_int, [c_void_p]),
    "vx11_response_status": (c_int, [c_void_p]),
    "vx11_response_header_count": (c_size_t, [c_void_p]),
    "vx11_response_header_name": (c_char_p, [c_void_p, c_size_t]),
    "vx11_response_header_value": (c_char_p, [c_void_p, c_size_t]),
    "vx11_response_body": (c_void_p, [c_void_p, POINTER(c_size_t)]),
    "vx11_response_free": (None, [c_void_p]),
}


def _load() -> ctypes.CDLL:
    """Loads the library at VX11_C_LIBRARY, else the one in the wheel, else the system's."""
    beside = Path(__file__).with_name("libvx11_c.so")
    path = os.environ.get("VX11_C_LIBRARY") or (str(beside) if beside.exists() else "libvx11_c.so.0.1")
    library = ctypes.CDLL(path)
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    if library.vx11_abi_version() != ABI_VERSION:
        raise ImportError(f"{path} has another ABI version than {ABI_VERSION}")
    return library


lib = _load()


def encode(description: Mapping[str, Any]) -> bytes:
    """Encodes a description as JSON; omits None, so that the default applies."""
    given = {key: value for key, value in description.items() if value is not None}
    return json.dumps(given, allow_nan=False).encode()


def text(value: str) -> bytes:
    """Encodes an argument. The C interface would cut it at a NUL."""
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} is no text")
    if "\0" in value:
        raise ValueError("the text contains NUL")
    return value.encode()


def ms(seconds: float) -> float:
    """A duration of a description. Infinity is longer than any that the library can wait for."""
    if math.isnan(seconds):
        raise ValueError("a duration is no number")
    return min(seconds * 1000, 1e300)


def take_text(pointer: c_void_p) -> str:
    """Copies text returned by the library and frees it."""
    if not pointer.value:
        return ""
    text = ctypes.string_at(pointer.value).decode()
    lib.vx11_free(pointer)
    return text


def bytes_at(address: Optional[int], size: int) -> bytes:
    return ctypes.string_at(address, size) if address and size else b""


def check(code: int, error: c_void_p) -> None:
    """Raises the error that the library reported, if any."""
    if code:
        raise error_from(code, take_text(error))


def make(function: Any, *arguments: Any) -> int:
    """Calls a function that returns a handle."""
    handle, error = c_void_p(), c_void_p()
    check(function(*arguments, byref(handle), byref(error)), error)
    assert handle.value is not None
    return handle.value


def answer(function: Any, *arguments: Any) -> Any:
    """Calls a function that returns JSON."""
    text, error = c_void_p(), c_void_p()
    check(function(*arguments, byref(text), byref(error)), error)
    return json.loads(take_text(text))


def handle_of(item: Optional[Handle]) -> Optional[int]:
    """NULL for None."""
    if item is not None and not isinstance(item, Handle):
        raise TypeError(f"a {type(item).__name__} is no object of this package")
    return None if item is None else item.handle


def handles(items: Sequence[Optional[Handle]]) -> Any:
    """An array of the items' handles, NULL for None."""
    return (c_void_p * max(len(items), 1))(*map(handle_of, items))


def pairs(headers: Sequence[tuple[str, str]]) -> Any:
    """An array of alternating names and values."""
    flat: list[bytes] = []
    for pair in headers:
        if not isinstance(pair, (tuple, list)) or [type(part) for part in pair] != [str, str]:
            raise TypeError("headers are a list of pairs of texts: name and value")
        flat.extend(part.encode("latin-1", "replace") for part in pair)
    if any(b"\0" in part for part in flat):
        raise ValueError("a header field contains NUL")
    return (c_char_p * max(len(flat), 1))(*flat)


class Handle:
    """Owns a handle of the library and frees it. Not to be copied: both copies would free it."""

    _free: str

    def __init__(self, handle: int) -> None:
        self._handle: Optional[int] = handle

    @property
    def handle(self) -> int:
        """Raises Error after `close`."""
        handle = getattr(self, "_handle", None)
        if handle is None:
            raise Error("invalid_argument", f"the {type(self).__name__} is closed")
        return handle

    @property
    def _is_live(self) -> bool:
        return getattr(self, "_handle", None) is not None

    def close(self) -> None:
        """Frees the handle now instead of on destruction. Calls in progress end as usual."""
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            getattr(lib, self._free)(handle)

    def __del__(self) -> None:
        self.close()

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} can be neither copied nor pickled; make another one")
