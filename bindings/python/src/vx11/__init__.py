"""vx11: try an ordered list of upstreams until one answers, behind circuit breakers."""

from ._errors import ChatFailed, CircuitOpen, Error
from ._version import __version__
from .breaker import CircuitBreaker, Permit
from .health import Component, HealthAggregator
from .operator import OperatorApi
from .power import PowerClient
from .router import Reply, Router, Target
from .sessions import SessionStore
from .transport import FunctionTransport, HttpTransport, Request, Response, Transport

__all__ = [
    "ChatFailed",
    "CircuitBreaker",
    "CircuitOpen",
    "Component",
    "Error",
    "FunctionTransport",
    "HealthAggregator",
    "HttpTransport",
    "OperatorApi",
    "Permit",
    "PowerClient",
    "Reply",
    "Request",
    "Response",
    "Router",
    "SessionStore",
    "Target",
    "Transport",
    "__version__",
]
