"""Tests that wrong use of handles, texts and transports is an exception and never a crash or a hang."""

import copy
import json
import pickle
import unittest

import vx11


def answering(response):
    return vx11.FunctionTransport(lambda request: response)


def router_to(transport, **more):
    return vx11.Router([vx11.Target("switch", "http://switch:1", transport=transport, **more)])


class HandleTest(unittest.TestCase):
    def setUp(self):
        good = answering(vx11.Response(body=b'{"response":"hi"}'))
        self.router = router_to(good)
        power = vx11.PowerClient("http://madre:1", transport=good)
        health = vx11.HealthAggregator([vx11.Component("a", check="self")])
        sessions = vx11.SessionStore()
        self.breaker = vx11.CircuitBreaker()
        self.api = api = vx11.OperatorApi(
            auth={"token": "t"}, router=self.router, health=health, power=power, sessions=sessions
        )
        self.calls = [
            (self.router, lambda: self.router.ask("hi")),
            (power, power.power_state),
            (power, power.status),
            (health, health.status),
            (sessions, lambda: sessions.find("s")),
            (sessions, lambda: sessions.append("s", "a", "b")),
            (self.breaker, self.breaker.acquire),
            (self.breaker, lambda: self.breaker.state),
            (self.breaker, self.breaker.snapshot),
            (api, lambda: api.handle_request("GET", "/livez")),
            (api, api.drain),
        ]

    def test_a_closed_object_says_so(self):
        for thing, call in self.calls:
            thing.close()
            thing.close()
            with self.assertRaises(vx11.Error) as error:
                call()
            self.assertEqual(error.exception.code, "invalid_argument")
            self.assertEqual(error.exception.detail, f"the {type(thing).__name__} is closed")

    def test_an_object_is_neither_copied_nor_pickled(self):
        permit = self.breaker.acquire()
        for thing in [permit, *(thing for thing, _ in self.calls)]:
            for way in (copy.copy, copy.deepcopy, pickle.dumps):
                with self.assertRaisesRegex(TypeError, "neither copied nor pickled"):
                    way(thing)
        self.assertEqual(self.router.ask("hi").text, "hi")

    def test_an_object_of_another_type_is_refused(self):
        with self.assertRaises(vx11.Error) as error:
            router_to(self.breaker)
        self.assertIn("transport is a handle of another type", error.exception.detail)
        with self.assertRaises(TypeError):
            router_to("http")

    def test_an_argument_of_another_type_is_a_type_error(self):
        sessions = vx11.SessionStore()
        target = vx11.Target("switch", "http://switch:1")
        for wrong in ([], {}, b"x", 1.5, None, object()):
            for call in (
                lambda: sessions.find(wrong),
                lambda: sessions.append("s", "a", "b", user_id=wrong),
                lambda: sessions.recent("s", wrong),
                lambda: self.router.breaker(wrong),
                lambda: vx11.Router([wrong]),
                lambda: vx11.Router([target], groups=[wrong]),
                lambda: vx11.Router([target], fallback_rules=[wrong]),
                lambda: vx11.Router([target], shadow=wrong or "no"),
                lambda: vx11.HealthAggregator([wrong]),
                lambda: vx11.CircuitBreaker(trip=wrong or "no"),
                lambda: vx11.CircuitBreaker(growth=wrong or "no"),
            ):
                with self.assertRaises(TypeError):
                    call()

        for wrong in ("x", bytearray(b"x"), None, 5):
            with self.assertRaises(TypeError):
                self.api.handle_request("GET", "/livez", body=wrong)

    def test_headers_are_pairs(self):
        for wrong in ({"accept": "text/plain"}, {"te": "x"}, ["te"], [("te",)], [("te", 1)], [("a", b"b")]):
            with self.assertRaisesRegex(TypeError, "pairs of texts"):
                self.api.handle_request("GET", "/livez", wrong)

    def test_targets_may_come_from_a_generator(self):
        good = answering(vx11.Response(body=b'{"response":"hi"}'))
        router = vx11.Router(vx11.Target(n, "http://x", transport=good) for n in ("switch", "madre"))
        self.assertEqual(router.ask("hi").source, "switch")

    def test_a_closed_part_is_refused(self):
        transport = answering(vx11.Response())
        transport.close()
        with self.assertRaisesRegex(vx11.Error, "FunctionTransport is closed"):
            router_to(transport)


class ErrorTest(unittest.TestCase):
    def test_exceptions_survive_pickling_and_copying(self):
        more = {"attempts": [{"target": "switch", "outcome": "timeout"}], "retry_after_ms": 1500}
        for error in (
            vx11.Error("timeout", "too slow", "madre", 2.0),
            vx11.CircuitOpen(7.5),
            vx11.ChatFailed("timeout", "too slow", "switch", more),
        ):
            error.note = ["kept"]
            for same in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
                self.assertIs(type(same), type(error))
                self.assertEqual(str(same), str(error))
                self.assertEqual(vars(same), vars(error))

    def test_a_rejection_of_a_breaker_further_in_says_when_to_retry(self):
        breaker = vx11.CircuitBreaker(failures_to_open=1, open_for=60)
        breaker.acquire().failure()
        power = vx11.PowerClient("http://madre:1", transport=answering(vx11.Response()), breaker=breaker)
        with self.assertRaises(vx11.CircuitOpen) as error:
            power.power_state()
        self.assertTrue(0 < error.exception.retry_after <= 60)


class BreakerTest(unittest.TestCase):
    def test_a_rejection_further_in_opens_no_breaker_around_it(self):
        inner = vx11.CircuitBreaker(failures_to_open=1)
        inner.acquire().failure()
        outer = vx11.CircuitBreaker(failures_to_open=1)

        @outer
        @inner
        def call():
            self.fail("was called")

        for _ in range(3):
            with self.assertRaises(vx11.CircuitOpen):
                call()
        self.assertEqual(outer.state, "closed")
        with self.assertRaises(vx11.Error), outer.acquire():
            raise vx11.Error("rejected", "too many at once")
        self.assertEqual(outer.state, "closed")

    def test_a_rejection_that_is_named_counts(self):
        outer = vx11.CircuitBreaker(failures_to_open=1, failures=(vx11.CircuitOpen,))
        with self.assertRaises(vx11.CircuitOpen), outer.acquire():
            raise vx11.CircuitOpen(1)
        self.assertEqual(outer.state, "open")


    def test_what_is_no_function_is_refused(self):
        with self.assertRaisesRegex(TypeError, "no function"):
            vx11.CircuitBreaker()(5)

    def test_a_generator_is_refused(self):
        def pieces():
            yield 1

        async def awaited_pieces():
            yield 1

        for each in (pieces, awaited_pieces):
            with self.assertRaisesRegex(TypeError, "generator"):
                vx11.CircuitBreaker()(each)


class TextTest(unittest.TestCase):
    def test_a_text_that_would_be_cut_at_a_nul_is_refused(self):
        store = vx11.SessionStore()
        router = router_to(answering(vx11.Response(body=b'{"response":"hi"}')))
        for call in (
            lambda: store.find("a\0b"),
            lambda: store.recent("a\0b"),
            lambda: store.append("a\0b", "x", "y"),
            lambda: store.append("a", "x", "y", user_id="u\0"),
            lambda: vx11.SessionStore("/tmp/a\0b"),
            lambda: router.breaker("switch\0"),
        ):
            with self.assertRaisesRegex(ValueError, "NUL"):
                call()
        with self.assertRaises(vx11.Error) as error:
            router_to(answering(vx11.Response()), headers={"x-vx11-token": "secret\0tail"})
        self.assertIn("NUL", error.exception.detail)
        self.assertIsNone(store.find("a"))

    def test_a_token_of_the_operator_api_is_compared_whole(self):
        good = answering(vx11.Response())
        api = vx11.OperatorApi(
            auth={"token": "sixteen-bytes-or-more"},
            router=router_to(good),
            health=vx11.HealthAggregator([]),
            power=vx11.PowerClient("http://madre:1", transport=good),
            sessions=vx11.SessionStore(),
        )
        headers = [("x-vx11-token", "sixteen-bytes-or-more\0tail")]
        with self.assertRaisesRegex(ValueError, "NUL"):
            api.handle_request("GET", "/operator/session/x", headers)

    def test_a_duration_is_a_number_and_may_be_infinite(self):
        router = vx11.Router(
            [
                vx11.Target(
                    "switch",
                    "http://switch:1",
                    transport=answering(vx11.Response(body=b'{"response":"hi"}')),
                    try_timeout=float("inf"),
                )
            ],
            total_timeout=float("inf"),
        )
        self.assertEqual(router.ask("hi", timeout=float("inf")).text, "hi")
        with self.assertRaises(ValueError):
            router.ask("hi", timeout=float("nan"))
        with self.assertRaises(ValueError):
            vx11.CircuitBreaker(open_for=float("nan"))

    def test_metadata_is_nested_no_deeper_than_64(self):
        metadata = json.loads('{"a":' * 200 + "1" + "}" * 200)
        with self.assertRaises(vx11.Error) as error:
            router_to(answering(vx11.Response())).ask("hi", metadata=metadata)
        self.assertIn("deeper than 64", error.exception.detail)


class WrongResponseTest(unittest.TestCase):
    def test_each_wrong_response_ends_the_call(self):
        for wrong in (
            None,
            "hello",
            vx11.Response(status="200"),
            vx11.Response(status=99999),
            vx11.Response(status=-1),
            vx11.Response(body="text"),
            vx11.Response(body=7),
            vx11.Response(headers=[("a",)]),
            vx11.Response(headers=[("a", 1)]),
            vx11.Response(headers=[("a", "b\0c")]),
            vx11.Response(headers=7),
        ):
            with self.subTest(wrong), self.assertRaises(vx11.ChatFailed) as error:
                router_to(answering(wrong)).ask("hi", timeout=20)
            self.assertEqual(error.exception.code, "unreachable")


    def test_each_error_of_the_function_ends_the_call(self):
        class Bare(vx11.Error):
            def __init__(self):
                pass

        for wrong in (vx11.Error("rejected", "\ud800"), Bare(), vx11.Error([], "x"), SystemExit()):

            def send(request, wrong=wrong):
                raise wrong

            with self.subTest(wrong), self.assertRaises(vx11.ChatFailed) as error:
                router_to(vx11.FunctionTransport(send)).ask("hi", timeout=20)
            self.assertNotEqual(error.exception.code, "timeout")

    def test_what_is_no_function_is_refused(self):
        for wrong in (None, "send", vx11.Response()):
            with self.assertRaisesRegex(TypeError, "no function"):
                vx11.FunctionTransport(wrong)


class WrongAwaitedResponseTest(unittest.IsolatedAsyncioTestCase):
    async def test_each_wrong_response_ends_the_call(self):
        for wrong in (None, vx11.Response(status="200"), vx11.Response(headers=[("a",)])):

            async def send(request, wrong=wrong):
                return wrong

            with self.subTest(wrong), self.assertRaises(vx11.ChatFailed) as error:
                await router_to(vx11.FunctionTransport(send)).ask_async("hi", timeout=20)
            self.assertEqual(error.exception.code, "unreachable")

    async def test_an_object_may_be_called_and_awaited(self):
        class Sender:
            async def __call__(self, request):
                return vx11.Response(body=b'{"response":"hi"}')

        sender = Sender()
        router = router_to(vx11.FunctionTransport(sender))
        self.assertEqual((await router.ask_async("hi")).text, "hi")
        guarded = vx11.CircuitBreaker(failures_to_open=1)(sender)
        self.assertEqual((await guarded(None)).status, 200)

    async def test_a_limit_starts_when_the_call_is_made(self):
        limit = vx11._waiting.Limit(0)
        pool = vx11._waiting.Pool("test", 0)  # no thread takes the call
        with self.assertRaises(vx11.Error) as error:
            await vx11._waiting.awaited(pool, limit, lambda stop: self.fail("was called"))
        self.assertEqual(error.exception.code, "timeout")
        self.assertEqual(limit.ms(), 0)


if __name__ == "__main__":
    unittest.main()
