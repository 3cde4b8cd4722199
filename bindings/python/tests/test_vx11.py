"""Tests what the package adds to the C interface: conversions, ownership, exceptions, asyncio."""

import asyncio
import gc
import json
import threading
import unittest

import vx11
from vx11 import transport as transport_module
from vx11._library import lib


def saying(body, status=200):
    return vx11.FunctionTransport(lambda request: vx11.Response(status, json.dumps(body).encode()))


def router_to(transport, **more):
    return vx11.Router([vx11.Target("switch", "http://switch:1", transport=transport, **more)])


class PackageTest(unittest.TestCase):
    def test_its_version_is_that_of_the_library(self):
        self.assertEqual(vx11.__version__, lib.vx11_version().decode())


class BreakerTest(unittest.TestCase):
    def test_a_decorated_function_is_rejected_once_its_failures_opened_the_circuit(self):
        breaker = vx11.CircuitBreaker(failures_to_open=2)
        calls = []

        @breaker
        def fail(reason):
            """Fails."""
            calls.append(reason)
            raise OSError(reason)

        for reason in ("a", "b"):
            with self.assertRaises(OSError):
                fail(reason)
        with self.assertRaises(vx11.CircuitOpen) as rejected:
            fail("c")
        self.assertEqual(calls, ["a", "b"])
        self.assertEqual(breaker.state, "open")
        self.assertTrue(0 < rejected.exception.retry_after <= 60)
        self.assertEqual(fail.__doc__, "Fails.")
        self.assertEqual(breaker.snapshot()["failures"], 2)

    def test_only_the_exceptions_named_count(self):
        breaker = vx11.CircuitBreaker(failures_to_open=1, failures=(OSError,))
        with self.assertRaises(KeyError):
            with breaker.acquire():
                raise KeyError
        self.assertEqual(breaker.state, "closed")
        with self.assertRaises(OSError):
            with breaker.acquire():
                raise ConnectionResetError
        self.assertEqual(breaker.state, "open")

    def test_the_first_word_about_a_permit_counts(self):
        breaker = vx11.CircuitBreaker(failures_to_open=1)
        permit = breaker.acquire()
        permit.success()
        permit.failure()
        self.assertEqual(breaker.state, "closed")

    def test_a_coroutine_function_is_guarded_and_its_cancelling_is_neutral(self):
        breaker = vx11.CircuitBreaker(failures_to_open=1)

        @breaker
        async def work(how):
            await asyncio.sleep(0 if how == "fail" else 3600)
            raise OSError

        async def scenario():
            task = asyncio.create_task(work("hang"))
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual(breaker.state, "closed")
            with self.assertRaises(OSError):
                await work("fail")
            self.assertEqual(breaker.state, "open")

        asyncio.run(scenario())

    def test_a_wrong_option_is_an_error_with_a_code(self):
        with self.assertRaises(vx11.Error) as error:
            vx11.CircuitBreaker(probes=-1)
        self.assertEqual(error.exception.code, "invalid_argument")
        self.assertIn("probes", error.exception.detail)


class RouterTest(unittest.TestCase):
    def test_the_answer_of_a_function_is_streamed_as_one_piece(self):
        router = router_to(saying({"response": "h\u00e9llo"}))
        self.assertEqual([piece.text for piece in router.stream("hi")], ["h\u00e9llo"])

        async def scenario():
            async def send(request):
                return vx11.Response(body=b'{"response":"awaited"}')

            stream = router_to(vx11.FunctionTransport(send)).stream("hi")
            self.assertEqual([piece.text async for piece in stream], ["awaited"])
            self.assertEqual((stream.source, stream.finish_reason), ("switch", "stop"))

        asyncio.run(scenario())

    def test_a_function_is_asked_and_answers(self):
        seen = []

        def send(request):
            seen.append(request)
            return vx11.Response(body='{"response":"h\u00e9llo","model":"m"}'.encode())

        router = router_to(vx11.FunctionTransport(send), headers={"x-vx11-token": "t"}, try_timeout=5)
        reply = router.ask("hi \u2713", session_id="s", metadata={"a": [1]})
        self.assertEqual((reply.text, reply.source, reply.rank), ("h\u00e9llo", "switch", 0))
        self.assertEqual(reply.upstream["model"], "m")
        self.assertEqual(seen[0].method, "POST")
        self.assertEqual(seen[0].origin, "http://switch:1")
        self.assertIn(("x-vx11-token", "t"), seen[0].headers)
        self.assertIn("hi \u2713", seen[0].body.decode())
        self.assertTrue(0 < seen[0].remaining <= 5)

    def test_an_error_of_the_function_keeps_its_code_and_any_other_is_unreachable(self):
        def refuse(request):
            raise vx11.Error("timeout", "too slow")

        def stumble(request):
            raise KeyError("secret")

        for send, code in ((refuse, "timeout"), (stumble, "unreachable")):
            with self.assertRaises(vx11.ChatFailed) as error:
                router_to(vx11.FunctionTransport(send)).ask("hi")
            self.assertEqual(error.exception.code, code)
            self.assertEqual(error.exception.attempts[0]["outcome"], code)
            self.assertNotIn("secret", str(error.exception))

    def test_a_refusal_of_the_functions_own_keeps_its_code_and_counts_against_nobody(self):
        def refuse(request):
            raise vx11.Error("rejected", "too many at once")

        router = router_to(vx11.FunctionTransport(refuse), breaker=vx11.CircuitBreaker(failures_to_open=1))
        for _ in range(2):
            with self.assertRaises(vx11.ChatFailed) as error:
                router.ask("hi")
            self.assertEqual(error.exception.code, "rejected")
        self.assertEqual(router.breaker("switch").state, "closed")

    def test_what_is_no_response_is_a_failure_and_not_a_crash(self):
        with self.assertRaises(vx11.ChatFailed):
            router_to(vx11.FunctionTransport(lambda request: "hello")).ask("hi")

    def test_the_breaker_of_a_target_is_shared(self):
        breaker = vx11.CircuitBreaker(failures_to_open=1)
        router = router_to(saying({}, status=500), breaker=breaker)
        with self.assertRaises(vx11.ChatFailed):
            router.ask("hi")
        self.assertEqual(breaker.state, "open")
        self.assertEqual(router.breaker("switch").state, "open")
        with self.assertRaises(vx11.Error):
            router.breaker("nobody")

    def test_a_transport_lives_as_long_as_its_router_and_no_longer(self):
        gc.collect()
        before = len(transport_module._Function._in_use)
        router = router_to(saying({"response": "hi"}))
        gc.collect()
        self.assertEqual(router.ask("x").text, "hi")
        router.close()
        gc.collect()
        self.assertEqual(len(transport_module._Function._in_use), before)

    def test_a_dialect_may_be_described(self):
        seen = []

        def send(request):
            seen.append((request.target, json.loads(request.body)))
            return vx11.Response(body=b'{"answer":{"text":"hi"}}')

        dialect = {"path": "/v1/chat", "body": {"prompt": "{message}"}, "text": "/answer/text"}
        router = router_to(vx11.FunctionTransport(send), dialect=dialect)
        self.assertEqual(router.ask("hello").text, "hi")
        self.assertEqual(seen, [("/v1/chat", {"prompt": "hello"})])

    def test_other_threads_run_while_an_ask_waits(self):
        ran = threading.Event()

        def send(request):
            return vx11.Response(body=b'{"response":"%d"}' % ran.wait(20))

        threading.Timer(0, ran.set).start()
        self.assertEqual(router_to(vx11.FunctionTransport(send)).ask("hi").text, "1")


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_coroutine_function_is_a_transport(self):
        async def send(request):
            await asyncio.sleep(0)
            return vx11.Response(body=b'{"response":"later"}')

        router = router_to(vx11.FunctionTransport(send))
        replies = await asyncio.gather(*(router.ask_async("hi") for _ in range(8)))
        self.assertEqual([reply.text for reply in replies], ["later"] * 8)

    async def test_cancelling_the_task_ends_the_ask(self):
        asked, ended = asyncio.Event(), asyncio.Event()

        async def send(request):
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        breaker = vx11.CircuitBreaker(failures_to_open=1)
        router = router_to(vx11.FunctionTransport(send), breaker=breaker)
        task = asyncio.create_task(router.ask_async("hi"))
        await asked.wait()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(breaker.state, "closed")

    async def test_everything_has_an_awaited_twin(self):
        state = {"policy": "full", "active_windows": [], "running_services": [], "available_services": []}
        madre = saying(state)
        power = vx11.PowerClient("http://madre:1", transport=madre)
        health = vx11.HealthAggregator([vx11.Component("a", check="self")], power=power)
        sessions = vx11.SessionStore()
        self.assertEqual((await power.power_state_async())["policy"], "full")
        self.assertEqual((await power.status_async())["status"], 200)
        self.assertEqual((await health.status_async())["power"]["policy"], "full")
        await sessions.append_async("s", "hello", "hi")
        self.assertEqual(len(await sessions.recent_async("s", 5)), 2)
        self.assertEqual((await sessions.find_async("s"))["id"], "s")


class PowerTest(unittest.TestCase):
    def test_each_command_reaches_madre(self):
        seen = []

        def send(request):
            seen.append((request.method, request.target, request.body.decode()))
            return vx11.Response(body=b'{"done":true}')

        madre = vx11.PowerClient("http://madre:1", transport=vx11.FunctionTransport(send))
        for command in (
            madre.status,
            madre.solo_madre_status,
            madre.apply_solo_madre,
            lambda: madre.open_window(["switch"], ttl=60),
            lambda: madre.open_window(["switch"], ttl=None),
            lambda: madre.close_window("w"),
            lambda: madre.start("switch"),
            lambda: madre.stop("switch"),
            lambda: madre.restart("switch"),
        ):
            self.assertEqual(command(), {"status": 200, "answer": {"done": True}})
        targets = [target.rsplit("/", 1)[1] for _, target, _ in seen]
        self.assertEqual(
            targets, ["status", "status", "apply", "open", "open", "close", "start", "stop", "restart"]
        )
        self.assertIn("60", seen[3][2])
        self.assertNotIn("300", seen[4][2])
        with self.assertRaises(vx11.Error):
            madre.start("toaster")


class HealthTest(unittest.TestCase):
    def test_the_report_tells_of_every_component(self):
        breaker = vx11.CircuitBreaker()
        health = vx11.HealthAggregator(
            [
                vx11.Component(
                    "madre", "http", port=8001, required=True, url="http://m:1", transport=saying({})
                ),
                vx11.Component("switch", "breaker", breaker=breaker),
                vx11.Component("spawner"),
            ]
        )
        report = health.status()
        self.assertEqual(report["overall"], "ok")
        self.assertEqual([c["status"] for c in report["components"]], ["ok", "available", "unknown"])
        self.assertIsNone(report["power"])


class SessionTest(unittest.TestCase):
    def test_both_stores_keep_turns(self):
        for store in (vx11.SessionStore(), vx11.SessionStore(":memory:")):
            self.assertIsNone(store.find("s"))
            store.append("s", "hello \u2713", "hi", metadata={"n": 1})
            last = store.recent("s", 1)
            self.assertEqual((last[0]["content"], last[0]["metadata"]), ("hi", {"n": 1}))
            self.assertEqual(store.find("s")["messages"][0]["content"], "hello \u2713")

    def test_a_file_that_cannot_be_opened_is_a_storage_error(self):
        with self.assertRaises(vx11.Error) as error:
            vx11.SessionStore("/dev/null/no")
        self.assertEqual(error.exception.code, "storage")


if __name__ == "__main__":
    unittest.main()
