#!/usr/bin/python3
"""Asks one question through a Python client and prints the text, read the way its documentation shows it.

    read.py requests|httpx URL TOKEN QUESTION
"""

import json
import sys

client, url, token, question = sys.argv[1:]
headers = {"x-vx11-token": token, "accept": "text/event-stream"}
body = {"message": question}


def lines_of_requests():
    import requests

    with requests.post(url, headers=headers, json=body, stream=True, timeout=30) as answer:
        answer.raise_for_status()
        yield from answer.iter_lines(decode_unicode=True)


def lines_of_httpx():
    import httpx

    with httpx.stream("POST", url, headers=headers, json=body, timeout=30) as answer:
        answer.raise_for_status()
        yield from answer.iter_lines()


def main():
    lines = {"requests": lines_of_requests, "httpx": lines_of_httpx}[client]()
    text, name, ended = "", "", False
    for line in (line.rstrip("\n") for line in lines):
        if line.startswith("event: "):
            name = line[len("event: "):]
        elif line.startswith("data: "):
            data = json.loads(line[len("data: "):])
            if name == "message":
                text += data["delta"]
            ended = name == "done"
        elif line and not line.startswith((":", "id:", "retry:")):
            raise SystemExit(f"a line that is no field: {line!r}")
    print(json.dumps({"text": text, "done": ended}))


main()
