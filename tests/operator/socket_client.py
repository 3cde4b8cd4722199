"""A client of the backend for the tests of bad days: HTTP over plain sockets, and WebSockets."""

import base64
import json
import os
import socket
import struct
import urllib.error
import urllib.request

LIMIT = 120  # seconds; ends a failed test, also on a busy machine


class Backend:
    """Where the backend is, and with which token it is asked."""

    def __init__(self, url, token):
        self.url = url
        self.token = token
        host, port = url.removeprefix("http://").rsplit(":", 1)
        self.address = (host, int(port))

    def ask(self, method, path, body=None, headers=None):
        """(status, JSON or text, headers)"""
        fields = {"x-vx11-token": self.token, "Content-Type": "application/json"}
        if headers is not None:
            fields = {"Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, fields, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            answer = opener.open(request, timeout=LIMIT)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        text = answer.read().decode("utf-8", "replace")
        try:
            return answer.status, json.loads(text), answer.headers
        except ValueError:
            return answer.status, text, answer.headers

    def ingest(self, number):
        """The status of an event that says its number."""
        event = {"source": "test", "type": "test.tick", "severity": "info",
                 "payload": {"number": number}}
        return self.ask("POST", "/operator/api/events/ingest", event)[0]

    def connect(self, buffer=0):
        sock = socket.socket()
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.settimeout(LIMIT)
        sock.connect(self.address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def handshake(self, fields=None):
        """The bytes that ask for a WebSocket."""
        lines = [f"x-vx11-token: {self.token}"] if fields is None else fields
        return ("GET /operator/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: vx11.v1\r\n"
                f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
                + "".join(line + "\r\n" for line in lines) + "\r\n").encode()


class Socket:
    """An open WebSocket."""

    def __init__(self, backend, fields=None, buffer=0):
        self.sock = backend.connect(buffer)
        self.sock.sendall(backend.handshake(fields))
        self.unread = b""
        while b"\r\n\r\n" not in self.unread:
            self.unread += self.read()
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        if self.status != 101:
            raise ConnectionError(f"no WebSocket but {self.status}")

    def read(self):
        piece = self.sock.recv(65536)
        if not piece:
            raise ConnectionError("the connection has ended")
        return piece

    def take(self, size):
        while len(self.unread) < size:
            self.unread += self.read()
        taken, self.unread = self.unread[:size], self.unread[size:]
        return taken

    def frame(self):
        """(opcode, data) of the next frame"""
        first, second = self.take(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        return first & 0x0F, self.take(size)

    def send(self, message):
        self.sock.sendall(frame(1, json.dumps(message).encode()))

    def hear(self, *types):
        """The next message of one of these types, or (code, reason) of a close."""
        while True:
            opcode, data = self.frame()
            if opcode == 8:
                return struct.unpack(">H", data[:2])[0], data[2:].decode()
            if opcode == 9:
                self.sock.sendall(frame(10, data))
            elif opcode == 1:
                message = json.loads(data)
                if not types or message["type"] in types:
                    return message

    def chat(self, number, text, session="s"):
        self.send({"type": "chat", "id": str(number), "message": text, "session_id": session})


def frame(opcode, data):
    """A frame of a client."""
    size = len(data)
    head = bytes([0x80 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", size)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", size)
    return head + b"\0\0\0\0" + data  # a mask of zeros is a mask


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
