"""A server that is not the gateway: answers every request with the nonsense that its argument names."""
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "html": (200, "text/html", b"<html>sign in</html>"),
    "redirect": (302, "text/html", b""),
    "list": (200, "application/json", b"[1,2,3]"),
    "truncated": (200, "application/json", b'{"principal":"a'),
    "huge": (200, "application/json", b'{"principal":"' + b"a" * 10_000_000 + b'"}'),
    "deep": (200, "application/json", b"[" * 500_000 + b"]" * 500_000),
}


class Nonsense(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, kind, body = ANSWERS[sys.argv[1]]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Nonsense)
server.handle_error = lambda *arguments: None  # a client that refuses the rest
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
