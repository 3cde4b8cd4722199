#!/usr/bin/env python3
"""The tables of docs/observability.md, from the gateway itself.

    observability.py GATEWAY PAGE [--write]

Metrics are those that running gateways show: names, types, units and meanings of their `# HELP`, `# TYPE` and
`# UNIT` lines, and the labels of their series. All else is printed by `GATEWAY --print-telemetry-markdown`. Fails
when the page has other tables, and with --write replaces them. It also fails when a metric that the sources name is
not on the page, when a line of the log has a field that its event's row leaves out, and when a source of the gateway
writes to spdlog or to standard error itself, past the table of log events.
"""
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

BEGIN = "<!-- generated: {} -->"
END = "<!-- end of generated -->"
# Commands of the command line report on standard error; the two others are spdlog's place.
MAY_PRINT = {"main.cpp", "healthcheck_command.cpp", "token_command.cpp", "top_command.cpp"}
MAY_LOG = {"log_output.cpp", "log_sink.cpp", "log_sink.hpp"}

# Not shown by a gateway: of programs that do not count requests by route, and the name of an endpoint.
NOT_OF_GATEWAY = {"vx11_request_duration_seconds", "vx11_status"}

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
[power.budget]
per_day = "1h"
per_month = "10h"
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
    "memory": """
[server.tls]
certificate_file = "{folder}/cert.pem"
key_file = "{folder}/key.pem"
client_ca_file = "{folder}/cert.pem"
client_certificates = "optional"
client_crl_file = "{folder}/crl.pem"
[sessions]
store = "memory"
[switch]
url = "http://127.0.0.1:9"
[madre]
url = "http://127.0.0.1:9"
""",
}
TOKEN = "operator-token-of-this-test"


def make_files(gateway, folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-subj", "/CN=localhost",
                    "-days", "2"], check=True, capture_output=True)
    subprocess.run([gateway, "token", "new", "one", "--scopes", "chat", "--file", f"{folder}/tokens"],
                   check=True, capture_output=True)
    Path(folder, "index").touch()
    Path(folder, "ca.conf").write_text(f"[ca]\ndefault_ca = d\n[d]\ndatabase = {folder}/index\ndefault_md = sha256\n")
    subprocess.run(["openssl", "ca", "-config", f"{folder}/ca.conf", "-gencrl", "-crldays", "2", "-keyfile",
                    f"{folder}/key.pem", "-cert", f"{folder}/cert.pem", "-out", f"{folder}/crl.pem"],
                   check=True, capture_output=True)
    Path(folder, "jwks.json").write_text(
        '{"keys":[{"kty":"oct","kid":"1","alg":"HS256","k":"' + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE" + '"},'
        '{"kty":"EC","kid":"2","crv":"P-256","alg":"ES256",'
        '"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}')


def fail_a_chat(opener, origin):
    """Some metrics are absent until an upstream has failed. Refused where the token is another one."""
    request = urllib.request.Request(origin + "/operator/chat/ask", data=b'{"message":"hello"}',
                                     headers={"Content-Type": "application/json", "x-vx11-token": TOKEN})
    try:
        opener.open(request, timeout=30).close()
    except urllib.error.HTTPError as refusal:
        refusal.close()


def metrics_of(gateway, folder, configuration):
    """The text that a gateway shows with a configuration."""
    config = Path(folder, "gateway.toml")
    config.write_text('[metrics]\naccess = "public"\n' + configuration.format(folder=folder))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VX11_")}
    environment["VX11_TENTACULO_LINK_TOKEN"] = TOKEN
    environment["XDG_STATE_HOME"] = folder
    with open(f"{folder}/log", "w+", encoding="utf-8") as log, \
            subprocess.Popen([gateway, "--config", str(config), "--listen", "127.0.0.1:0"], env=environment,
                             stdout=subprocess.PIPE, stderr=log, text=True) as process:
        try:
            line = process.stdout.readline()
            if not line.startswith("listening on "):
                process.wait()
                sys.exit(f"the gateway does not start:\n{Path(log.name).read_text()}")
            origin = line.split()[-1]
            trusting = ssl._create_unverified_context()
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                 urllib.request.HTTPSHandler(context=trusting))
            fail_a_chat(opener, origin)
            request = urllib.request.Request(origin + "/metrics", headers={"Accept": "application/openmetrics-text"})
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


def check_metrics(root, page):
    """Every metric that the sources name is on the page: no configuration above is missing."""
    named = set()
    for folder in ("src", "include", "examples/gateway"):
        for path in Path(root, folder).rglob("*.?pp"):
            named.update(re.findall(r'"(vx11_[a-z0-9_]+)"', path.read_text(encoding="utf-8")))
    missing = sorted(name for name in named - NOT_OF_GATEWAY if f"`{name}`" not in page)
    if missing:
        sys.exit(f"no configuration of {__file__} shows {', '.join(missing)}")


def check_log_fields(root, tables):
    """Lines of the log have the fields of their event's row."""
    gateway = Path(root, "examples/gateway")
    names = dict(re.findall(r'\{E::(\w+), "([\w.]+)"', Path(gateway, "log/log_events.cpp").read_text(encoding="utf-8")))
    found = []
    for path in sorted(gateway.rglob("*.cpp")):
        for event, fields in re.findall(r"\(\s*LogEvent::(\w+),\s*(\{\{.*?\}\})\)", path.read_text(encoding="utf-8"), re.S):
            row = re.search(rf"^\| `{re.escape(names[event])}` \| (?:debug|info|warn|error) \|.*\| (.*) \|$", tables, re.M)
            for field in re.findall(r'\{"(\w+)",', fields):
                if f"`{field}`" not in row.group(1):
                    found.append(f"{path}: {field} is no field of {names[event]} in log_events.cpp")
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
    check_log_fields(path.parent.parent, printed)
    before = path.read_text(encoding="utf-8")
    after = with_tables(before, {"metrics": metrics_table(families), "tables": printed})
    check_metrics(path.parent.parent, after)
    if "--write" in sys.argv:
        path.write_text(after, encoding="utf-8")
    elif before != after:
        import difflib
        sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "the page", "the gateway"))
        sys.exit(f"{path} differs from the gateway; write it anew:\n"
                 f"  tests/docs/observability.py build/release/examples/gateway/vx11-gateway {path} --write")


main()
