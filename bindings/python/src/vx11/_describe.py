"""Options as the C interface takes them."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any, Iterator, Mapping

from ._library import ms


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
