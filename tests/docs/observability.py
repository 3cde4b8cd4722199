#!/usr/bin/env python3
"""The tables of docs/observability.md, from the gateway itself.

    observability.py GATEWAY PAGE [--write]

Metrics are those that running gateways show: names, types, units and meanings of their `# HELP`, `# TYPE` and
`# UNIT` lines, and the labels of their series. All else is printed by `GATEWAY --print-telemetry-markdown`. Fails
when the page has other tables, and with --write replaces them. It also fails when a source of the gateway writes to
spdlog or to standard error itself, past the table of log events.
"""
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

BEGIN = "<!-- generated: {} -->"
END = "<!-- end of generated -->"
# Commands of the command line report on standard error; the two others are spdlog's place.
MAY_PRINT = {"main.cpp", "healthcheck_command.cpp", "token_command.cpp", "top_command.cpp"}
MAY_LOG = {"log_output.cpp", "log_sink.cpp", "log_sink.hpp"}

# What a gateway shows depends on what it is configured to do; together these are configured to do everything.
CONFIGURATIONS = {
    "files": """
[auth]
tokens = "{folder}/tokens"
[server.tls]
certificate_file = "{folder}/cert.pem"
key_file = "{folder}/key.pem"
[sessions]
store = "sqlite:{folder}/sessions.db"
[limits]
per_address = "100/s"
per_token = "100/s"
per_session = "100/s"
tokens_per_minute = 1000000
concurrent = 100
concurrent_per_token = 10
auth_failures = "10/m"
[tracing]
endpoint = "http://127.0.0.1:9"
[log]
access = "{folder}/access.log"
audit = "{folder}/audit.log"
[targets.one]
dialect = "openai"
url = "http://127.0.0.1:9"
model = "m"
[groups.pool]
targets = ["one"]
[routes.main]
targets = ["pool", "switch", "madre"]
[chat]
route = "main"
[switch]
url = "http://127.0.0.1:9"
[madre]
url = "http://127.0.0.1:9"
""",
    "shared": """
[auth]
mode = "jwt"
shared_revocations = true
[auth.jwt]
jwks_file = "{folder}/jwks.json"
issuer = "https://issuer.example"
audience = "vx11"
[sessions]
store = "redis://127.0.0.1:9"
[limits]
shared = true
per_token = "100/s"
[idempotency]
shared = true
[chat]
breaker_hints = true
[switch]
url = "http://127.0.0.1:9"
[madre]
url = "http://127.0.0.1:9"
""",
}


def make_files(gateway, folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-subj", "/CN=localhost",
                    "-days", "2"], check=True, capture_output=True)
    subprocess.run([gateway, "token", "new", "one", "--scopes", "chat", "--file", f"{folder}/tokens"],
                   check=True, capture_output=True)
    Path(folder, "jwks.json").write_text(
        '{"keys":[{"kty":"oct","kid":"1","alg":"HS256","k":"' + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE" + '"},'
        '{"kty":"EC","kid":"2","crv":"P-256","alg":"ES256",'
        '"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}')


def metrics_of(gateway, folder, configuration):
    """The text that a gateway shows with a configuration."""
    config = Path(folder, "gateway.toml")
    config.write_text('[metrics]\naccess = "public"\n' + configuration.format(folder=folder))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VX11_")}
    environment["VX11_TENTACULO_LINK_TOKEN"] = "operator-token-of-this-test"
    environment["XDG_STATE_HOME"] = folder
    with open(f"{folder}/log", "w+", encoding="utf-8") as log, \
            subprocess.Popen([gateway, "--config", str(config), "--listen", "127.0.0.1:0"], env=environment,
                             stdout=subprocess.PIPE, stderr=log, text=True) as process:
        try:
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                process.wait()
                sys.exit(f"the gateway does not start:\n{Path(log.name).read_text()}")
            trusting = ssl._create_unverified_context()
            request = urllib.request.Request(line.split()[-1] + "/metrics",
                                             headers={"Accept": "application/openmetrics-text"})
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                 urllib.request.HTTPSHandler(context=trusting))
            with opener.open(request, timeout=30) as answer:
                return answer.read().decode()
        finally:
            process.kill()


class Family:
    def __init__(self):
        self.help = self.type = self.unit = ""
        self.labels = []


def read(text, families):
    """Adds the families of a scrape."""
    current = None
    for line in text.splitlines():
        if comment := re.match(r"# (HELP|TYPE|UNIT) (\S+) ?(.*)", line):
            what, name, value = comment.groups()
            current = families.setdefault(name, Family())
            setattr(current, what.lower(), value)
        elif line and not line.startswith("#") and current is not None:
            labels = re.match(r"[^{ ]+(?:\{(.*?)\})? ", line)
            for label in re.findall(r'([a-zA-Z_]\w*)="', labels.group(1) or "" if labels else ""):
                if label not in current.labels and label not in ("le", "quantile"):
                    current.labels.append(label)


def shown_name(name, family):
    suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
    return name if name.endswith(suffix) else name + suffix


def unit_of(name, family):
    if family.unit:
        return family.unit
    stem = name.removesuffix("_total")
    for unit in ("seconds", "bytes", "ratio"):
        if stem.endswith("_" + unit):
            return unit
    return ""


def metrics_table(families):
    lines = ["| metric | type | unit | labels | meaning |", "|---|---|---|---|---|"]
    for name, family in sorted(families.items()):
        labels = ", ".join(f"`{label}`" for label in family.labels)
        meaning = family.help.replace("\\n", " ").replace("\\\\", "\\").replace("|", "\\|")
        lines.append(f"| `{shown_name(name, family)}` | {family.type} | {unit_of(name, family)} | {labels} | {meaning} |")
        if not family.help:
            sys.exit(f"{name} has no HELP")
    return "\n".join(lines) + "\n"


def with_tables(page, tables):
    for name, table in tables.items():
        begin = BEGIN.format(name)
        if begin not in page:
            sys.exit(f"the page has no place for {name}: {begin}")
        head, rest = page.split(begin, 1)
        page = f"{head}{begin}\n{table}{END}{rest.split(END, 1)[1]}"
    return page


def check_sources(root):
    """Lines of the log have an event: there is one place where spdlog is used."""
    found = []
    for path in sorted(Path(root, "examples/gateway").rglob("*.?pp")):
        text = path.read_text(encoding="utf-8")
        logs = path.name not in MAY_LOG and re.search(r"spdlog[:/]", text)
        prints = path.name not in MAY_PRINT and re.search(r"std::(cerr|clog)|print\(stderr|\bperror\(", text)
        if logs or prints:
            found.append(f"{path}: writes to the log without an event; use log_event of log.hpp")
    if found:
        sys.exit("\n".join(found))


def main():
    gateway, path = sys.argv[1], Path(sys.argv[2])
    check_sources(path.parent.parent)
    families = {}
    with tempfile.TemporaryDirectory() as folder:
        make_files(gateway, folder)
        for configuration in CONFIGURATIONS.values():
            read(metrics_of(gateway, folder, configuration), families)
    printed = subprocess.run([gateway, "--print-telemetry-markdown"], check=True, capture_output=True, text=True).stdout
    before = path.read_text(encoding="utf-8")
    after = with_tables(before, {"metrics": metrics_table(families), "tables": printed})
    if "--write" in sys.argv:
        path.write_text(after, encoding="utf-8")
    elif before != after:
        import difflib
        sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "the page", "the gateway"))
        sys.exit(f"{path} differs from the gateway; write it anew:\n"
                 f"  tests/docs/observability.py build/release/examples/gateway/vx11-gateway {path} --write")


main()
