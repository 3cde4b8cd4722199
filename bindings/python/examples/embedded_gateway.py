"""The whole operator API in a Python process, served by http.server, with madre answering in Python.

    embedded_gateway.py [PORT]       default: 8000; 0 picks a free one
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import vx11

TOKEN = os.environ.get("VX11_GATEWAY_TOKEN", "vx11-local-token")


def answer_as_madre(request: vx11.Request) -> vx11.Response:
    """Answers chats and reports that only the three core services run."""
    if request.target == "/madre/power/state":
        state = {
            "policy": "solo_madre",
            "active_windows": [],
            "running_services": ["madre", "tentaculo_link", "redis"],
            "available_services": [],
        }
        return vx11.Response(body=json.dumps(state).encode())
    if request.target == "/madre/chat":
        message = json.loads(request.body)["message"]
        return vx11.Response(body=json.dumps({"response": f"madre heard: {message}"}).encode())
    return vx11.Response(body=b"{}")


def make_api() -> vx11.OperatorApi:
    madre = vx11.FunctionTransport(answer_as_madre)
    url = "http://madre.internal"
    power = vx11.PowerClient(url, transport=madre)
    return vx11.OperatorApi(
        auth={"token": TOKEN},
        primary="madre",
        router=vx11.Router([vx11.Target("madre", url, transport=madre)]),
        power=power,
        health=vx11.HealthAggregator(
            [
                vx11.Component("tentaculo_link", check="self"),
                vx11.Component("madre", check="http", url=url, transport=madre, required=True),
            ],
            power=power,
        ),
        sessions=vx11.SessionStore(),
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: vx11.OperatorApi

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        reply = self.api.handle_request(self.command, self.path, list(self.headers.items()), body)
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in reply.headers):
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Handler.api = make_api()
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
