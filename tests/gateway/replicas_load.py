"""Chats by several clients through a balancer, each chat in a session of its own, until a file appears.

replicas_load.py BALANCER TOKEN CLIENTS END-FILE LOG    a line "STATUS STORED SESSION" for each chat in LOG
replicas_load.py --verify GATEWAY TOKEN LOG             prints the sessions that were acknowledged and are not there
"""

import http.client
import json
import os
import sys
import threading
import urllib.parse


def connection_to(url):
    return http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)


def chat(url, token, session):
    """The status and whether the turn was stored; 0 if no answer came."""
    connection = connection_to(url)
    try:
        body = json.dumps({"message": "hello " + session, "session_id": session})
        connection.request("POST", "/operator/chat/ask", body,
                           {"x-vx11-token": token, "content-type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        stored = answer.status == 200 and json.loads(content)["metadata"].get("session_stored", True)
        return answer.status, stored
    except (OSError, http.client.HTTPException, KeyError, ValueError):
        return 0, False
    finally:
        connection.close()


def load(url, token, clients, end, log):
    lock = threading.Lock()
    with open(log, "w", encoding="ascii") as lines:
        def work(client):
            number = 0
            while not os.path.exists(end):
                session = f"load-{os.getpid()}-{client}-{number}"
                status, stored = chat(url, token, session)
                with lock:
                    print(status, int(stored), session, file=lines, flush=True)
                number += 1
        threads = [threading.Thread(target=work, args=(client,)) for client in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def verify(url, token, log):
    connection = connection_to(url)
    for line in open(log, encoding="ascii"):
        status, stored, session = line.split()
        if status != "200" or stored != "1":
            continue
        connection.request("GET", "/operator/session/" + session, headers={"x-vx11-token": token})
        answer = connection.getresponse()
        content = json.loads(answer.read())
        if answer.status != 200 or content["message_count"] != 2:
            print(session, answer.status, content.get("message_count"))


if sys.argv[1] == "--verify":
    verify(*sys.argv[2:])
else:
    load(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
