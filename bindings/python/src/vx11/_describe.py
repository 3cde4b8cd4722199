"""Options as the C interface takes them."""

from __future__ import annotations

import inspect
from dataclasses import field, fields
from typing import Any, Iterable, Iterator, Mapping, TypeVar

from ._library import ms


T = TypeVar("T")


def all_of(kinds: type[T] | tuple[type[T], ...], parts: Iterable[T]) -> list[T]:
    """The parts, each of which has to be one of these kinds."""
    found = list(parts)
    for each in found:
        if not isinstance(each, kinds):
            names = [kinds.__name__] if isinstance(kinds, type) else [kind.__name__ for kind in kinds]
            raise TypeError(f"a {type(each).__name__} is no {' or '.join(names)}")
    return found


def is_async(function: Any) -> bool:
    """Whether its calls return awaitables; also of an object with `async def __call__`."""
    called = getattr(type(function), "__call__", None)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


def seconds(default: Any = None) -> Any:
    """A field that is a duration, which the library takes in milliseconds."""
    return field(default=default, metadata={"is_seconds": True})


def apart(default: Any = None) -> Any:
    """A field that is no part of the description: a handle."""
    return field(default=default, metadata={"is_apart": True})


class Described:
    """Base class of dataclasses whose fields have the library's names. None: the library's default."""

    def description(self) -> dict[str, Any]:
        return dict(_given(self))


def _given(options: Any) -> Iterator[tuple[str, Any]]:
    for each in fields(options):
        value = getattr(options, each.name)
        if value is None or each.metadata.get("is_apart"):
            continue
        if each.metadata.get("is_seconds"):
            yield each.name + "_ms", ms(value)
        else:
            yield each.name, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Described):
        return value.description()
    return dict(value) if isinstance(value, Mapping) else value
