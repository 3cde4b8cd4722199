"""vx11: try an ordered list of upstreams until one answers, behind circuit breakers."""

from ._errors import ChatFailed, CircuitOpen, Error
from ._version import __version__
from .breaker import CircuitBreaker, CountWindow, OpenGrowth, Permit, SlowCalls, TimeWindow
from .health import Component, HealthAggregator
from .operator import OperatorApi
from .power import PowerClient
from .router import Reply, Router
from .sessions import SessionStore
from .stream import ChatStream, Piece
from .targets import FallbackRule, Group, Shadow, Target
from .transport import FunctionTransport, HttpTransport, Request, Response, Transport

__all__ = [
    "ChatFailed",
    "ChatStream",
    "CircuitBreaker",
    "CircuitOpen",
    "Component",
    "CountWindow",
    "Error",
    "FallbackRule",
    "FunctionTransport",
    "Group",
    "HealthAggregator",
    "HttpTransport",
    "OpenGrowth",
    "OperatorApi",
    "Permit",
    "Piece",
    "PowerClient",
    "Reply",
    "Request",
    "Response",
    "Router",
    "SessionStore",
    "Shadow",
    "SlowCalls",
    "Target",
    "TimeWindow",
    "Transport",
    "__version__",
]
