"""A transport with files: the authority to trust, and a certificate for a server that asks for one."""

import base64
import hashlib
import http.server
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import vx11


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"response":"hello"}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *line):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a client without a certificate


def make_certificate(folder, name):
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    files = str(folder / f"{name}.pem"), str(folder / f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
        check=True,
        capture_output=True,
    )
    return files


def pin_of(certificate):
    """The pin of the certificate's key."""
    pem = subprocess.run(
        ["openssl", "x509", "-pubkey", "-noout", "-in", certificate], check=True, capture_output=True
    ).stdout
    key = ssl.PEM_cert_to_DER_cert(pem.decode().replace("PUBLIC KEY", "CERTIFICATE"))
    return "sha256//" + base64.b64encode(hashlib.sha256(key).digest()).decode()


@unittest.skipUnless(shutil.which("openssl"), "needs openssl")
class CertificateTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.own, own_key = make_certificate(Path(folder.name), "server")
        self.client, self.client_key = make_certificate(Path(folder.name), "client")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.own, own_key)
        context.load_verify_locations(self.client)
        context.verify_mode = ssl.CERT_REQUIRED
        server = Server(("127.0.0.1", 0), Answer)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def ask(self, **files):
        transport = vx11.HttpTransport(first_byte_timeout=20, **files)
        return vx11.Router([vx11.Target("switch", self.url, transport)]).ask("hi", timeout=20).text

    def test_a_server_that_asks_for_a_certificate_gets_it(self):
        with self.assertRaises(vx11.ChatFailed):
            self.ask(ca_file=self.own)
        files = {"certificate_file": self.client, "key_file": self.client_key}
        self.assertEqual(self.ask(ca_file=self.own, **files), "hello")
        with self.assertRaises(vx11.ChatFailed):
            self.ask(**files)  # the server's authority is not the system's

    def test_a_server_has_one_of_the_pinned_keys(self):
        files = {"ca_file": self.own, "certificate_file": self.client, "key_file": self.client_key}
        own, other = pin_of(self.own), pin_of(self.client)
        self.assertEqual(self.ask(pins=[other, own], **files), "hello")
        with self.assertRaises(vx11.ChatFailed):
            self.ask(pins=[other], **files)

    def test_unusable_files_are_an_error_at_once(self):
        wrong = {
            "trusted certificates cannot be read": {"ca_file": "/none/ca.pem"},
            "key": {"certificate_file": self.client, "key_file": "/none/key.pem"},
            "need each other": {"certificate_file": self.client},
            "a pin is not sha256//": {"pins": ["sha256//x"]},
        }
        for detail, files in wrong.items():
            with self.assertRaises(vx11.Error) as raised:
                vx11.HttpTransport(**files)
            self.assertEqual(raised.exception.code, "invalid_argument")
            self.assertIn(detail, raised.exception.detail)


if __name__ == "__main__":
    unittest.main()
