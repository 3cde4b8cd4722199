"""Tests the example that embeds the operator API, over HTTP."""

import json
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "embedded_gateway.py"


class EmbeddedGatewayTest(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen(
            [sys.executable, str(EXAMPLE), "0"], stdout=subprocess.PIPE, text=True
        )
        self.url = self.server.stdout.readline().removeprefix("listening on ").strip()

    def tearDown(self):
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()

    def call(self, path, body=None, token="vx11-local-token"):
        headers = {"content-type": "application/json"} | ({"x-vx11-token": token} if token else {})
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def test_it_answers_the_operator_endpoints(self):
        chat = self.call("/operator/chat/ask", {"message": "hello", "session_id": "s"})
        self.assertEqual(chat["response"], "madre heard: hello")
        self.assertEqual(self.call("/operator/status")["components"]["madre"]["status"], "ok")
        self.assertEqual(self.call("/operator/power/state")["policy"], "solo_madre")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.call("/operator/status", token=None)
        self.assertEqual(refused.exception.code, 401)
        refused.exception.close()


if __name__ == "__main__":
    unittest.main()
