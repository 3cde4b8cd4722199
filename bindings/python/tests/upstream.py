"""Steers vx11-upstream through its control port, and makes targets of it."""

import json
import os
import time
import urllib.request

import vx11

MODELS = os.environ["MODELS_URL"]
DIALECTS = ("openai", "ollama", "anthropic")
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def order(path, /, **members):
    data = json.dumps(members).encode()
    with _open(os.environ["CONTROL_URL"] + path, data, timeout=30) as answer:
        answer.read()


def look(path):
    with _open(os.environ["CONTROL_URL"] + path, timeout=30) as answer:
        return json.load(answer)["models"]


def fresh():
    """Healthy, with nothing counted and no event held back."""
    order("/__heal")
    order("/__set", stream_released=1000000, stream_gap_ms=0, stream_chunks=0)
    order("/__reset")


def hold_after(events):
    order("/__set", stream_released=events)


def fault(kind, **members):
    order("/__fault", service="models", fault=kind, **members)


def counted(**wanted):
    """Whether the counters get these values within a generous time."""
    for _ in range(1000):
        counts = look("/__count")
        if all(counts[name] == value for name, value in wanted.items()):
            return True
        time.sleep(0.01)  # between two looks
    return False


def target(name="llama", dialect="openai", **more):
    return vx11.Target(name, MODELS, dialect=dialect, model="m", key="k", **more)


def router(dialect="openai"):
    return vx11.Router([target(dialect=dialect)])
