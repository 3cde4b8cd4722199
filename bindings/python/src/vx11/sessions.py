"""Context-7 sessions: chat history in memory or in an SQLite file."""

from __future__ import annotations

from ctypes import byref, c_void_p
from operator import index
from typing import Any, Mapping, Optional, cast

from ._library import Handle, answer, check, encode, lib, make, ms, text
from ._waiting import Limit, awaited, stores


class SessionStore(Handle):
    """Keeps at most `messages` per session and at most `sessions` sessions, each until unused for
    `idle_timeout` seconds. In memory, or in the SQLite file at `path`. Thread-safe."""

    _free = "vx11_sessions_free"

    def __init__(
        self,
        path: Optional[str] = None,
        *,
        messages: int = 50,
        idle_timeout: float = 3600.0,
        sessions: int = 10_000,
    ) -> None:
        limits = encode(
            {
                "messages": messages,
                "idle_timeout_ms": ms(idle_timeout),
                "sessions": sessions,
            }
        )
        if path is None:
            super().__init__(make(lib.vx11_sessions_memory, limits))
        else:
            super().__init__(make(lib.vx11_sessions_sqlite, text(path), limits))

    def recent(self, session_id: str, count: int = 3) -> list[dict[str, Any]]:
        """The newest messages, oldest first."""
        messages = answer(lib.vx11_sessions_recent, self.handle, text(session_id), _count(count))
        return cast("list[dict[str, Any]]", messages)

    async def recent_async(self, session_id: str, count: int = 3) -> list[dict[str, Any]]:
        return await awaited(stores, Limit(None), lambda _: self.recent(session_id, count))

    def find(self, session_id: str) -> Optional[dict[str, Any]]:
        """The whole session, or None."""
        session = answer(lib.vx11_sessions_find, self.handle, text(session_id))
        return cast("Optional[dict[str, Any]]", session)

    async def find_async(self, session_id: str) -> Optional[dict[str, Any]]:
        return await awaited(stores, Limit(None), lambda _: self.find(session_id))

    def append(
        self,
        session_id: str,
        user: str,
        assistant: str,
        *,
        user_id: str = "local",
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Appends a question and its answer atomically; `metadata` belongs to the answer."""
        turn = encode(
            {
                "user": {"content": user},
                "assistant": {"content": assistant, "metadata": dict(metadata or {})},
            }
        )
        error = c_void_p()
        names = text(session_id), text(user_id)
        check(lib.vx11_sessions_append(self.handle, *names, turn, byref(error)), error)

    async def append_async(
        self,
        session_id: str,
        user: str,
        assistant: str,
        *,
        user_id: str = "local",
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> None:
        await awaited(
            stores,
            Limit(None),
            lambda _: self.append(session_id, user, assistant, user_id=user_id, metadata=metadata),
        )


def _count(count: int) -> int:
    count = index(count)
    if not 0 <= count < 2**63:
        raise ValueError("count is out of range")
    return count
