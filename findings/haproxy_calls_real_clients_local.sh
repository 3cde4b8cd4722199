#!/usr/bin/env bash
# What:     HAProxy 2.6.12 (Debian 12): the PROXY protocol header that it sends for a client on a
#           Unix socket, and for its own health checks, with `send-proxy` and `send-proxy-v2`.
# Guess:    version 2 marks a client's connection as PROXY, with an address family of Unix or none,
#           and only HAProxy's own checks as LOCAL, which is what the command was made for. Version
#           1 says UNKNOWN in both cases.
# Seen:     in version 2 the requests of clients on a Unix socket come as LOCAL, byte by byte like
#           the checks. In version 1 it is the other way round: such clients are UNKNOWN, and a
#           check is TCP4 with HAProxy's own address, as if it were a client. A server that lets
#           LOCAL pass without limits or a log line lets such clients pass, and one that counts TCP4
#           addresses counts the checks.
# Output:   version 1: client by TCP: PROXY TCP4; by Unix socket: PROXY UNKNOWN; check: PROXY TCP4
#           version 2: client by TCP: PROXY, IPv4; by Unix socket: LOCAL; check: LOCAL
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'haproxy=2.6.12-*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
PATH=$work/usr/sbin:$PATH
cd "$work"

# One listener for each version: says of each connection what its header is, in a file named after
# the path of the request that follows.
cat >origin.py <<'PY'
import os
import re
import socket
import threading

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"

def take(connection, version):
    data = b""
    while not re.search(rb"\w+ /(\w+) HTTP", data):
        more = connection.recv(4096)
        if not more:
            return
        data += more
    [path] = re.findall(rb"\w+ /(\w+) HTTP", data)
    if data.startswith(SIGNATURE):
        command = {0x20: "LOCAL", 0x21: "PROXY"}[data[12]]
        family = {0x11: ", IPv4", 0x31: ", Unix", 0: ""}[data[13]]
        header = command + family
    else:
        header = " ".join(data.decode().split()[:2])
    with open(f"{version}.{path.decode()}", "w") as file:
        file.write(header)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    connection.close()

def serve(listener, version):
    while True:
        threading.Thread(target=take, args=(listener.accept()[0], version), daemon=True).start()

listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
with open("ports.new", "w") as file:
    print(*(one.getsockname()[1] for one in listeners + free), file=file)
for one in free:
    one.close()
os.rename("ports.new", "ports")
threading.Thread(target=serve, args=(listeners[0], 1), daemon=True).start()
serve(listeners[1], 2)
PY
/usr/bin/python3 origin.py &
until [[ -e ports ]]; do sleep 0.05; done
read -r origin1 origin2 port1 port2 <ports

cat >haproxy.cfg <<CFG
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  option httpchk GET /check
listen version1
  bind 127.0.0.1:$port1
  bind unix@$work/1.sock
  server origin 127.0.0.1:$origin1 send-proxy check inter 200ms
listen version2
  bind 127.0.0.1:$port2
  bind unix@$work/2.sock
  server origin 127.0.0.1:$origin2 send-proxy-v2 check inter 200ms
CFG
haproxy -db -f haproxy.cfg >haproxy.log 2>&1 &
until [[ -e 1.check && -e 2.check ]]; do sleep 0.1; done
for version in 1 2; do
  port=port$version
  curl -sS -o answer "http://127.0.0.1:${!port}/tcp"
  curl -sS -o answer --unix-socket "$version.sock" http://localhost/unix
  echo "version $version: client by TCP: $(<$version.tcp);" \
    "by Unix socket: $(<$version.unix); check: $(<$version.check)"
done | tee seen
diff - seen <<'EXPECTED'
version 1: client by TCP: PROXY TCP4; by Unix socket: PROXY UNKNOWN; check: PROXY TCP4
version 2: client by TCP: PROXY, IPv4; by Unix socket: LOCAL; check: LOCAL
EXPECTED
