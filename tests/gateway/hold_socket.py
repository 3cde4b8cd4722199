#!/usr/bin/env python3
"""Listens, and passes the socket to one process after the other, as systemd does with a .socket unit.

hold_socket.py OVER PROGRAM [ARGUMENT…]    until the file OVER exists when a process has ended
"""
import os
import socket
import sys

over, command = sys.argv[1], sys.argv[2:]
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(4096)
print(f"held on {listener.getsockname()[1]}", flush=True)
while not os.path.exists(over):
    child = os.fork()
    if child == 0:
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)  # where it was 3 already, dup2 has changed nothing
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        os.execv(command[0], command)
    print(f"child {child}", flush=True)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(1)
