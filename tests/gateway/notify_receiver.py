"""Receives what a service reports by sd_notify and writes each datagram as one line.

notify_receiver.py SOCKET FILE    SOCKET is a path, or @name of an abstract socket
"""

import socket
import sys
import time

name, path = sys.argv[1:3]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind("\0" + name[1:] if name.startswith("@") else name)
with open(path, "a", buffering=1, encoding="utf-8") as out:
    print("ready", flush=True)
    while True:
        text = receiver.recv(65536).decode()
        print(time.monotonic_ns() // 1000, text.replace("\n", " "), file=out)
