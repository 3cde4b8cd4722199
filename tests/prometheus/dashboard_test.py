#!/usr/bin/env python3
"""Every query of the Grafana dashboard parses and returns series from a Prometheus.

  dashboard_test.py PROMETHEUS-URL [DASHBOARD]
"""
import json
import math
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
VARIABLES = {"$__rate_interval": "2m", "$job": "vx11-gateway", "$instance": ".*"}


def query(url, expression):
    """The values of the series, or the reason why there are none."""
    asked = f"{url}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            series = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        return [], json.load(error).get("error", str(error))
    return [float(one["value"][1]) for one in series], "no series"


def label_values(url, definition):
    name, label = re.fullmatch(r"label_values\((.*), (\w+)\)", definition).groups()
    return query(url, f"count by ({label}) ({filled(name)})")


def filled(text):
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text


def is_in_bytes(target):
    return re.search(r"_bytes\b", target["expr"]) is not None


def is_mixed(panel):
    """Whether bytes and other values share an axis."""
    config = panel.get("fieldConfig", {})
    moved = {override["matcher"]["options"] for override in config.get("overrides", [])
             if any(one["id"] == "custom.axisPlacement" for one in override["properties"])}
    kinds = {is_in_bytes(target) for target in panel.get("targets", []) if target["refId"] not in moved}
    return len(kinds) > 1 or (True in kinds) != (config.get("defaults", {}).get("unit") == "bytes")


def main():
    url = sys.argv[1]
    path = Path(sys.argv[2] if len(sys.argv) > 2 else HERE.parent.parent / "deploy/grafana/vx11-gateway.json")
    dashboard = json.loads(path.read_text())
    failures, count = [], 0
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "query":
            continue
        values, why = label_values(url, variable["definition"])
        failures += [] if values else [f"variable {variable['name']}: {why}"]
    for panel in dashboard["panels"]:
        failures += [f"{panel['title']}: bytes and others on one axis, or without their unit"] if is_mixed(panel) else []
        for target in panel.get("targets", []):
            count += 1
            expression = filled(target["expr"])
            left = re.search(r"\$\w+", expression)
            values, why = query(url, expression) if not left else ([], f"unknown variable {left.group()}")
            if all(math.isnan(value) for value in values):  # of none, too
                failures.append(f"{panel['title']}: {why if not values else 'only NaN'}: {expression}")
    print("\n".join(failures), f"{count} queries, {len(failures)} without series", sep="\n")
    sys.exit(1 if failures or count == 0 else 0)


main()
