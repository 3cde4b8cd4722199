#!/usr/bin/env python3
"""What the backend does on bad days. Each mode checks one; an exception fails the test.

    bad_days.py MODE BACKEND-URL TOKEN [ARGUMENT...]
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import sqlite3
import struct
import sys
import threading
import time

from socket_client import LIMIT, Backend, Socket, frame, resident_kib


def expect(holds, text):
    if not holds:
        raise AssertionError(text)


def good_chat(backend, number=0):
    """A client among the others is answered."""
    good = Socket(backend)
    good.chat(number, "are you well?", f"good-{number}")
    done = good.hear("done", "error")
    expect(done["type"] == "done", f"not answered: {done}")
    good.sock.close()


# --- slow clients ---------------------------------------------------------------------------------

def metric(backend, name):
    status, text, _ = backend.ask("GET", "/metrics")
    expect(status == 200, f"metrics: {status}")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(name + " ")))


def ask_without_reading(backend, deaf):
    """Asks for more than the backend and its sockets keep, until it has cut all of them off."""
    until = time.monotonic() + LIMIT
    asked = 0
    while metric(backend, "vx11_operator_bridge_lagging_total") < len(deaf):
        for number, client in enumerate(deaf):
            with contextlib.suppress(OSError):
                client.chat(asked, "x" * 60000, f"slow-{number}")
        asked += 1
        expect(time.monotonic() < until, "slow clients are not cut off")


def drain(client):
    """Reads to the end. \return the last messages, and the close"""
    last = None
    while True:
        heard = client.hear()
        if isinstance(heard, tuple):
            return last, heard
        last = heard


def slow(backend, pid):
    """200 clients that do not read, do not finish what they send, or do not even ask."""
    good_chat(backend)
    before = resident_kib(pid)
    deaf = [Socket(backend, buffer=4096) for _ in range(8)]
    half_frames = [Socket(backend) for _ in range(64)]
    byte_by_byte = [Socket(backend) for _ in range(64)]
    half_asked = [backend.connect() for _ in range(64)]
    for each in half_frames:
        each.sock.sendall(frame(1, b"x" * 60000)[:30000])
    for each in half_asked:
        each.sendall(backend.handshake()[:60])
    ping = frame(1, b'{"type":"ping"}')
    for at in range(len(ping)):
        for each in byte_by_byte:
            each.sock.sendall(ping[at:at + 1])
        good_chat(backend, at)
    for each in byte_by_byte:
        expect(each.hear()["type"] == "pong", "a frame that came byte by byte is lost")
    ask_without_reading(backend, deaf)
    most = resident_kib(pid)
    good_chat(backend)
    for each in deaf:
        last, close = drain(each)
        expect(last["type"] == "lagging", f"the last message is {str(last)[:200]}")
        expect(close == (1008, "lagging"), f"closed with {close}")
    print(f"200 slow sockets: {before} KiB before, {most} KiB with them")
    expect(most - before < 200 * 1024, "they take too much memory")


# --- many event streams ---------------------------------------------------------------------------

def open_stream(backend):
    stream = backend.connect()
    stream.sendall(f"GET /operator/api/events/stream HTTP/1.1\r\nHost: localhost\r\n"
                   f"x-vx11-token: {backend.token}\r\nAccept: text/event-stream\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += stream.recv(4096)
    expect(head.startswith(b"HTTP/1.1 200"), f"no stream but {head[:80]}")
    return stream, head.split(b"\r\n\r\n", 1)[1]


def streams(backend, pid, count):
    """Each of them gets each event."""
    good_chat(backend)
    before = resident_kib(pid)
    waiting = selectors.DefaultSelector()
    for _ in range(count):
        stream, early = open_stream(backend)
        waiting.register(stream, selectors.EVENT_READ, [early])
    for number in range(3):
        expect(backend.ingest(f"stream-{number}") == 200, "an event is not stored")
    missing = count
    while missing:
        ready = waiting.select(LIMIT)
        expect(ready, f"{missing} streams wait for their events")
        for key, _ in ready:
            key.data[0] += key.fileobj.recv(65536)
            if all(f"stream-{number}".encode() in key.data[0] for number in range(3)):
                waiting.unregister(key.fileobj)
                missing -= 1
    each = (resident_kib(pid) - before) / count
    print(f"{count} event streams: {each:.1f} KiB each")
    expect(each < 64, "they take too much memory")
    good_chat(backend)


# --- a backend that is killed ---------------------------------------------------------------------

def kill(backend, pid, acknowledged):
    """Kills the backend in the middle of a chat while events are stored; writes down which it has
    acknowledged."""
    client = Socket(backend)
    client.chat(1, "one two three", "killed")
    expect(client.hear("delta")["text"], "no piece")
    stored = []

    def store(which):
        with contextlib.suppress(OSError):
            for number in range(100_000):
                name = f"{which}-{number}"
                status = backend.ingest(name)
                expect(status in (200, 429), f"an event is answered {status}")
                if status == 200:
                    stored.append(name)

    threads = [threading.Thread(target=store, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + LIMIT
    while len(stored) < 40 and time.monotonic() < until:
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    with contextlib.suppress(ConnectionError):
        client.hear("done")
        raise AssertionError("a killed backend ends a chat")
    expect(len(stored) >= 40, "too few events were stored")
    with open(acknowledged, "w", encoding="ascii") as file:
        json.dump(stored, file)


def kept(backend, acknowledged):
    """All that was acknowledged before the kill is there, once."""
    with open(acknowledged, encoding="ascii") as file:
        wanted = json.load(file)
    found = []
    cursor = ""
    while True:
        status, page, _ = backend.ask("GET", f"/operator/api/events?limit=100{cursor}")
        expect(status == 200, f"events are answered {status}: {page}")
        found += [event["payload"].get("number") for event in page["events"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    lost = [name for name in wanted if found.count(name) != 1]
    expect(not lost, f"acknowledged and lost, or there twice: {lost}")
    print(f"{len(wanted)} acknowledged events are there")


# --- the database ---------------------------------------------------------------------------------

def locked(backend, file):
    """Another program holds the database: what would be stored is refused, and nothing else."""
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    status, answer, _ = backend.ask("POST", "/operator/api/events/ingest",
                                    {"source": "test", "type": "test.locked", "payload": {}})
    expect(status == 503, f"an event is answered {status}: {answer}")
    expect(backend.ask("GET", "/livez")[0] == 200, "it does not live")
    holder.execute("ROLLBACK")
    holder.close()
    until = time.monotonic() + LIMIT
    while backend.ingest("after the lock") != 200:
        expect(time.monotonic() < until, "it stays locked")
    good_chat(backend)


# --- two browsers ---------------------------------------------------------------------------------

def browsers(backend):
    """Two browsers with one login, in one session of the chat."""
    status, answer, headers = backend.ask("POST", "/operator/api/auth/login",
                                          {"token": backend.token}, {})
    expect(status == 200, f"login: {status} {answer}")
    cookie = headers["Set-Cookie"].split(";")[0]
    fields = [f"Cookie: {cookie}", "Origin: http://localhost"]
    clients = [Socket(backend, fields), Socket(backend, fields)]
    for number, client in enumerate(clients):
        client.chat(1, f"question {number}", "shared")
    for client in clients:
        done = client.hear("done", "error")
        expect(done["type"] == "done" and done["session_id"] == "shared", f"not answered: {done}")
    status, session, _ = backend.ask("GET", "/operator/api/sessions/shared")
    expect(status == 200, f"session: {status} {session}")
    text = json.dumps(session)
    expect("question 0" in text and "question 1" in text, f"a turn is missing: {text}")
    csrf = {"Cookie": cookie, "X-CSRF-Token": answer["csrf_token"]}
    status = backend.ask("POST", "/operator/api/auth/logout", {}, csrf)[0]
    expect(status in (200, 204), f"logout: {status}")
    for client in clients:
        close = client.hear("none")
        expect(close[0] == 4401, f"closed with {close}")


# --- the gateway ----------------------------------------------------------------------------------

def gateway(backend, gateway_pid):
    """A WebSocket outlasts the gateway. Says `away`, and continues when a line comes."""
    client = Socket(backend)
    client.chat(1, "first")
    expect(client.hear("done", "error")["type"] == "done", "not answered before")
    os.kill(gateway_pid, signal.SIGKILL)
    client.chat(2, "second")
    broken = client.hear("done", "error")
    expect(broken["type"] == "error" and broken["id"] == "2", f"answered without a gateway: {broken}")
    print("away", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + LIMIT
    number = 3
    while True:  # a breaker stands before the gateway for a second
        client.chat(number, "third")
        if client.hear("done", "error")["type"] == "done":
            return
        number += 1
        expect(time.monotonic() < until, "not answered after")
        time.sleep(0.05)


NONSENSE = [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nnull",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
    + b"[" * 60000,
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{\"a\":",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\0" * 1000,
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: \xff\xfe\n\nevent: done\ndata: [1]\n\n",
    b"",
]


class Nonsense:
    """A server on the gateway's port that answers who you are as the gateway does, and all else by
    nonsense, each kind in turn."""

    def __init__(self, port, token):
        self.token = token.encode()
        self.turn = 0
        self.answered = set()  # the turns whose nonsense was sent
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client):
        with client, contextlib.suppress(OSError):
            request = client.recv(65536)
            if b"/operator/whoami" in request:
                body = json.dumps({"principal": "test", "scopes": ["admin"], "expires": None,
                                   "names_users": True}).encode()
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(body) + body)
                return
            turn = self.turn
            client.sendall(NONSENSE[turn])
            self.answered.add(turn)
            client.shutdown(socket.SHUT_WR)
            client.recv(65536)


def expect_offline(backend, method, path, what, body=None):
    status, answer, _ = backend.ask(method, f"/operator/api/{path}", body)
    shape = (status, answer.get("status"), answer.get("module"))
    expect(shape == (503, "service_offline", "tentaculo_link"), f"{what}, {path}: {status} {answer}")


def nonsense(backend, port):
    """Nonsense is no answer, and no reason to fall over."""
    server = Nonsense(port, backend.token)
    client = Socket(backend)
    paths = ("status", "modules", "breakers", "chat/window/status")
    for turn in range(len(NONSENSE)):
        server.turn = turn
        what = f"nonsense {turn}"
        until = time.monotonic() + LIMIT
        while turn not in server.answered:  # a breaker stands before the gateway for a second
            expect_offline(backend, "GET", paths[turn % len(paths)], what)
            expect(time.monotonic() < until, f"{what} is not asked for")
            time.sleep(0.05)
        for path in paths:
            expect_offline(backend, "GET", path, what)
        expect_offline(backend, "POST", "chat", what, {"message": "hello"})
        client.chat(turn, "hello")
        broken = client.hear("done", "error")
        expect(broken["type"] == "error" and broken["id"] == str(turn), f"{what}: {broken}")
        expect(backend.ask("GET", "/livez")[0] == 200, f"{what}: it does not live")


# --- hostile frames -------------------------------------------------------------------------------

def hostile(backend):
    """Frames against the protocol close one WebSocket and harm no other."""
    ping = b'{"type":"ping"}'
    cases = [
        (b"\x81\x0f" + ping, 1002),  # not masked
        (b"\xc1\x8f\0\0\0\0" + ping, 1002),  # a reserved bit
        (b"\x09\x80\0\0\0\0", 1002),  # a ping in fragments
        (b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126, 1002),  # a ping that is too long
        (b"\x81\xff" + struct.pack(">Q", 1 << 30) + b"\0\0\0\0", 1009),  # 1 GiB
        (b"\x81\xff" + struct.pack(">Q", 1 << 63) + b"\0\0\0\0", 1002),
        (b"\x81\x84\0\0\0\0\xf4\x90\x80\x80", 1007),  # no UTF-8
        (b"\x88\x82\0\0\0\0" + struct.pack(">H", 1006), 1002),  # no code for a close
        (b"\x88\x81\0\0\0\0\x03", 1002),  # half a code
        (b"\x83\x80\0\0\0\0", 1002),  # no opcode
    ]
    good = Socket(backend)
    for bytes_sent, code in cases:
        for pieces in ([bytes_sent], [bytes_sent[at:at + 1] for at in range(len(bytes_sent))]):
            client = Socket(backend)
            with contextlib.suppress(OSError):
                for piece in pieces:
                    client.sock.sendall(piece)
            close = client.hear("none")
            expect(close[0] == code, f"{bytes_sent[:12]!r} is closed with {close}")
        good.send({"type": "ping"})
        expect(good.hear()["type"] == "pong", "another WebSocket is harmed")


def main():
    mode, url, token, *arguments = sys.argv[1:]
    numbers = [int(each) if each.isdigit() else each for each in arguments]
    globals()[mode](Backend(url, token), *numbers)


if __name__ == "__main__":
    main()
