#!/usr/bin/python3
"""Asks one question of the OpenAI chat API through Debian's httpx and prints what it saw as JSON.

    completions.py BASE-URL TOKEN whole|stream|leave QUESTION
"""

import json
import sys

import httpx

base, token, mode, question = sys.argv[1:]
body = {"model": "vx11", "messages": [{"role": "user", "content": question}], "stream": mode != "whole"}
headers = {"authorization": f"Bearer {token}"}
seen = {"text": "", "finish": None, "error": None, "statuses": []}


def take(data):
    if data == "[DONE]":
        seen["done"] = True
        return
    chunk = json.loads(data)
    if "error" in chunk:
        seen["error"] = {"status": None, "message": chunk["error"]["message"]}
        return
    for choice in chunk["choices"]:
        seen["text"] += choice["delta"].get("content") or ""
        seen["finish"] = choice["finish_reason"] or seen["finish"]


def read_whole(client):
    answer = client.post(f"{base}/chat/completions", json=body)
    seen["statuses"].append(answer.status_code)
    if answer.is_error:
        seen["error"] = {"status": answer.status_code, "message": answer.json()["error"]["message"]}
        return
    choice = answer.json()["choices"][0]
    seen.update(text=choice["message"]["content"], finish=choice["finish_reason"])


def read_stream(client):
    with client.stream("POST", f"{base}/chat/completions", json=body) as answer:
        seen["statuses"].append(answer.status_code)
        if answer.is_error:
            answer.read()
            seen["error"] = {"status": answer.status_code, "message": answer.json()["error"]["message"]}
            return
        for line in answer.iter_lines():
            line = line.rstrip("\n")
            if line.startswith("data: "):
                take(line[len("data: "):])
            elif line and not line.startswith(":"):
                raise SystemExit(f"a line that is no field: {line!r}")
            if mode == "leave" and seen["text"]:
                return


with httpx.Client(headers=headers) as client:
    read_whole(client) if mode == "whole" else read_stream(client)
print(json.dumps(seen))
