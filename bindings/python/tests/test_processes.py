"""Tests that fork, the end of the interpreter and Ctrl-C find no thread of the package in their way.

An upstream that accepts and never answers stands for one that hangs; no test waits for its timeout.
"""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import unittest

import vx11


class Silent:
    """Accepts connections and says when a request has come; never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked = threading.Event()
        self._kept = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            self._kept.append(connection)
            connection.recv(1)
            self.asked.set()


def child_of(script, url):
    """A Python program that is given the URL of the upstream."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), url], stdout=subprocess.PIPE, text=True
    )


class ForkTest(unittest.TestCase):
    def test_a_child_is_refused_and_the_parent_keeps_working(self):
        response = vx11.Response(body=b'{"response":"hi"}')
        router = vx11.Router(
            [
                vx11.Target(
                    "switch",
                    "http://switch:1",
                    transport=vx11.FunctionTransport(lambda request: response),
                )
            ]
        )
        sockets = vx11.HttpTransport()
        self.assertEqual(router.ask("hi").text, "hi")
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                router.ask("hi")
            except vx11.Error as error:
                if "made before fork" in error.detail:
                    own = vx11.Router(
                        [
                            vx11.Target(
                                "switch",
                                "http://switch:1",
                                transport=vx11.FunctionTransport(lambda request: response),
                            )
                        ]
                    )
                    status = 0 if own.ask("hi").text == "hi" else 2
                del router, sockets  # frees the parent's handles: no effect
            os._exit(status)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        self.assertEqual(router.ask("hi").text, "hi")
        sockets.close()


class EndTest(unittest.TestCase):
    def test_the_interpreter_ends_without_waiting_for_a_deadline(self):
        upstream = Silent()
        child = child_of(
            """
            import asyncio, sys, threading, vx11
            router = vx11.Router([vx11.Target("switch", sys.argv[1])])
            async def main():
                task = asyncio.create_task(router.ask_async("hi", timeout=3600))
                await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            threading.Thread(target=lambda: router.ask("hi", timeout=3600), daemon=True).start()
            asyncio.run(main())
            """,
            upstream.url,
        )
        self.assertTrue(upstream.asked.wait(30))
        self.assertEqual(child.wait(timeout=30), 0)
        child.stdout.close()

    def test_ctrl_c_ends_a_blocking_call(self):
        for call in (
            "vx11.Router([vx11.Target('switch', sys.argv[1])], total_timeout=3600).ask('hi')",
            "vx11.PowerClient(sys.argv[1], timeout=3600).power_state()",
        ):
            upstream = Silent()
            child = child_of(
                f"""
                import sys, vx11
                try:
                    {call}
                except KeyboardInterrupt:
                    print("interrupted")
                """,
                upstream.url,
            )
            self.assertTrue(upstream.asked.wait(30))
            child.send_signal(signal.SIGINT)
            said, _ = child.communicate(timeout=30)
            self.assertEqual((said, child.returncode), ("interrupted\n", 0))


class PoolTest(unittest.TestCase):
    def test_long_waits_do_not_block_short_calls(self):
        upstream = Silent()
        child = child_of(
            """
            import asyncio, sys, vx11
            from vx11 import _waiting
            async def main():
                router = vx11.Router([vx11.Target("switch", sys.argv[1], try_timeout=3600)],
                                     total_timeout=3600)
                store = vx11.SessionStore()
                asks = [asyncio.create_task(router.ask_async("hi")) for _ in range(_waiting.asks._most + 8)]
                await store.append_async("s", "hello", "hi")
                print(len(await store.recent_async("s", 5)))
                print((await vx11.HealthAggregator([]).status_async())["overall"])
                try:
                    await router.ask_async("hi", timeout=0.05)
                except vx11.Error as error:
                    print(error.code)
                for ask in asks:
                    ask.cancel()
            asyncio.run(main())
            """,
            upstream.url,
        )
        said, _ = child.communicate(timeout=60)
        self.assertEqual(said.split(), ["2", "ok", "timeout"])
        self.assertEqual(child.returncode, 0)


if __name__ == "__main__":
    unittest.main()
