"""Asks a running gateway: its state, and a chat, guarded by a circuit breaker.

    gateway_client.py [URL]          default: http://127.0.0.1:8000
"""

import json
import os
import sys
import urllib.request
from typing import Any

import vx11

GATEWAY = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
TOKEN = os.environ.get("VX11_GATEWAY_TOKEN", "vx11-local-token")

breaker = vx11.CircuitBreaker(failures_to_open=3, open_for=60)


@breaker
def call(path: str, body: "dict[str, str] | None" = None) -> "dict[str, Any]":
    headers = {"x-vx11-token": TOKEN, "content-type": "application/json"}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(GATEWAY + path, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answered: "dict[str, Any]" = json.load(answer)
        return answered


health = vx11.HealthAggregator(
    [vx11.Component("gateway", check="http", url=GATEWAY, path="/readyz", required=True)]
)
print("health:", health.status()["overall"])
print("power:", call("/operator/power/state")["policy"])
print("answer:", call("/operator/chat/ask", {"message": "hello"})["response"])
print("circuit:", breaker.state)
