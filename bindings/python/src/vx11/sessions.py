"""Context-7 sessions: chat history in memory or in an SQLite file."""

from __future__ import annotations

from ctypes import byref, c_void_p
from typing import Any, Mapping, Optional, cast

from ._library import Handle, answer, check, encode, lib, make
from ._waiting import awaited


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
                "idle_timeout_ms": idle_timeout * 1000,
                "sessions": sessions,
            }
        )
        if path is None:
            super().__init__(make(lib.vx11_sessions_memory, limits))
        else:
            super().__init__(make(lib.vx11_sessions_sqlite, path.encode(), limits))

    def recent(self, session_id: str, count: int = 3) -> list[dict[str, Any]]:
        """The newest messages, oldest first."""
        messages = answer(lib.vx11_sessions_recent, self.handle, session_id.encode(), count)
        return cast("list[dict[str, Any]]", messages)

    async def recent_async(self, session_id: str, count: int = 3) -> list[dict[str, Any]]:
        return await awaited(lambda _: self.recent(session_id, count))

    def find(self, session_id: str) -> Optional[dict[str, Any]]:
        """The whole session, or None."""
        session = answer(lib.vx11_sessions_find, self.handle, session_id.encode())
        return cast("Optional[dict[str, Any]]", session)

    async def find_async(self, session_id: str) -> Optional[dict[str, Any]]:
        return await awaited(lambda _: self.find(session_id))

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
        names = session_id.encode(), user_id.encode()
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
            lambda _: self.append(session_id, user, assistant, user_id=user_id, metadata=metadata)
        )
