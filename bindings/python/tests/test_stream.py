"""Chats through every dialect, groups and streams, against a real server of models."""

import asyncio
import copy
import gc
import signal
import subprocess
import sys
import threading
import traceback
import unittest
from unittest import mock

import vx11
import vx11.stream
from upstream import DIALECTS, MODELS, counted, fault, fresh, hold_after, look, order, router, target

CHAT = "one two three"
ANSWER = "model heard: one two three"


def first_text(stream):
    """Reads up to the first piece with text: before it comes that of the role."""
    return next(piece.text for piece in stream if piece.text)


async def first_text_async(stream):
    async for piece in stream:
        if piece.text:
            return piece.text


class FreshTest(unittest.TestCase):
    def setUp(self):
        fresh()


class DialectTest(FreshTest):
    def test_every_dialect_answers_whole(self):
        for dialect in DIALECTS:
            reply = router(dialect).ask(CHAT)
            self.assertEqual((reply.text, reply.source), (ANSWER, "llama"))

    def test_every_dialect_streams(self):
        for dialect in DIALECTS:
            stream = router(dialect).stream(CHAT)
            pieces = list(stream)
            self.assertEqual("".join(piece.text for piece in pieces), ANSWER)
            self.assertGreaterEqual(len(pieces), 5)
            self.assertEqual((stream.source, stream.reason, stream.finish_reason), ("llama", "", "stop"))
            if dialect != "openai":  # which reports none unless a client asks for it
                self.assertGreater(stream.output_tokens, 0)
            self.assertEqual([a["outcome"] for a in stream.attempts], ["answered"])
            self.assertEqual(list(stream), [])

    def test_a_target_has_its_own_path_history_and_members(self):
        own = vx11.Target(
            "a", MODELS + "/v1", dialect="openai", model="m7", key="k", system_prompt="be brief",
            extra={"temperature": 0.25}, headers={"x-team": "blue"},
        )
        self.assertNotIn("'k'", repr(own))
        sessions = vx11.SessionStore()
        sessions.append("s", "before", "noted")
        vx11.Router([own]).ask("hi", history=sessions.recent("s", 2))
        last = look("/__last")
        self.assertEqual(last["target"], "/v1/chat/completions")
        self.assertEqual(last["headers"]["authorization"], "Bearer k")
        self.assertEqual(last["headers"]["x-team"], "blue")
        for part in ("be brief", "before", "noted", "m7", "0.25"):
            self.assertIn(part, last["body"])

    def test_a_group_shares_its_chats_by_weight(self):
        gpus = vx11.Router(
            [target("a", group="gpus", weight=3), target("b", group="gpus")],
            groups=[vx11.Group("gpus", policy="weighted_round_robin", slow_start=0)],
        )
        sources = [gpus.ask(CHAT).source for _ in range(8)]
        self.assertEqual((sources.count("a"), sources.count("b")), (6, 2))

    def test_a_target_that_is_down_is_passed_by(self):
        down = vx11.Target("down", "http://127.0.0.1:1", dialect="openai")
        stream = vx11.Router([down, target("up")]).stream(CHAT)
        self.assertEqual("".join(piece.text for piece in stream), ANSWER)
        self.assertEqual((stream.source, stream.reason), ("up", "down_unreachable"))

    def test_no_target_at_all_is_an_error_with_its_tries(self):
        stream = vx11.Router([vx11.Target("down", "http://127.0.0.1:1", dialect="openai")]).stream(CHAT)
        for _ in range(2):
            with self.assertRaises(vx11.ChatFailed) as failed:
                next(stream)
            self.assertEqual([a["outcome"] for a in failed.exception.attempts], ["unreachable"])


class EndingTest(FreshTest):
    """How the upstream's call ends."""

    def test_leaving_the_loop_closes_the_connection(self):
        hold_after(2)
        for piece in router().stream(CHAT):
            if piece.text == "model ":
                break
        self.assertTrue(counted(abandoned=1, open=0))

    def test_leaving_the_async_loop_closes_the_connection(self):
        hold_after(2)

        async def scenario():
            async for piece in router().stream(CHAT):
                break
            self.assertTrue(counted(abandoned=1, open=0))

        asyncio.run(scenario())

    def test_closing_and_leaving_a_block_close_the_connection(self):
        hold_after(2)

        async def closed():
            stream = router().stream(CHAT)
            await anext(stream)
            await stream.aclose()
            self.assertEqual([piece async for piece in stream], [])
            async with router().stream(CHAT) as left:
                await anext(left)
            with router().stream(CHAT) as left:
                next(left)

        asyncio.run(closed())
        self.assertTrue(counted(abandoned=3, open=0))

    def test_cancelling_the_task_closes_the_connection(self):
        hold_after(2)

        async def scenario():
            stream = router().stream(CHAT)
            await first_text_async(stream)
            reading = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            with self.assertRaises(vx11.Error) as busy:
                await anext(stream)
            self.assertIn("being read by another call", busy.exception.detail)
            reading.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await reading
            with self.assertRaises(vx11.Error) as error:
                await anext(stream)
            self.assertEqual(error.exception.code, "cancelled")
            self.assertTrue(counted(abandoned=1, open=0))

        asyncio.run(scenario())

    def test_cancelling_the_opening_closes_the_connection(self):
        fault("hang")

        async def scenario():
            opening = asyncio.create_task(anext(router().stream(CHAT)))
            while not await asyncio.to_thread(counted, total=1):
                pass
            opening.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await opening

        asyncio.run(scenario())
        self.assertTrue(counted(open=0))

    def test_closing_in_another_thread_ends_a_read(self):
        hold_after(2)
        for _ in range(30):
            stream, ended = router().stream(CHAT), []
            first_text(stream)

            def read():
                try:
                    ended.append(next(stream, "the end"))
                except vx11.Error as error:
                    ended.append((error.code, error.detail))

            reader = threading.Thread(target=read)
            reader.start()
            stream.close()
            reader.join(60)
            self.assertFalse(reader.is_alive())
            self.assertIn(ended, ([("cancelled", "the stream was closed")], ["the end"]))  # by the order
            stream.close()
            self.assertEqual(list(stream), [])
        self.assertTrue(counted(open=0))

    def test_a_handle_that_is_freed_meanwhile_is_a_closed_stream(self):
        hold_after(2)
        stream = router().stream(CHAT)
        first_text(stream)
        read_pieces = stream._read_pieces

        def late(handle, limit):
            stream.close()
            read_pieces(handle, limit)

        with mock.patch.object(stream, "_read_pieces", late):
            with self.assertRaises(vx11.Error) as closed:
                next(stream)
        self.assertEqual(closed.exception.code, "cancelled")
        self.assertEqual(closed.exception.detail, "the stream was closed")

    def test_nothing_is_freed_under_the_lock(self):
        hold_after(2)
        stream = router().stream(CHAT)
        next(stream)
        locked, close = [], vx11.stream._Opened.close

        def noted(opened):
            locked.append(stream._lock._is_owned())
            close(opened)

        with mock.patch.object(vx11.stream._Opened, "close", noted):
            stream.close()
        self.assertEqual(locked[:1], [False])

    def test_garbage_closes_the_connection(self):
        hold_after(2)
        stream = router().stream(CHAT)
        next(stream)
        stream.itself = stream
        del stream
        gc.collect()
        self.assertTrue(counted(abandoned=1, open=0))

    def test_a_loop_that_is_closed_does_no_harm(self):
        hold_after(2)
        script = f"""
import asyncio, sys
sys.path.insert(0, {str(__file__).rsplit("/", 1)[0]!r})
from upstream import counted, order, router
from vx11._waiting import asks
loop = asyncio.new_event_loop()
stream, other = router().stream("one two"), router().stream("one two")
async def first():
    for each in (stream, other):
        await anext(each)
        await anext(each)
    loop.create_task(anext(stream))
    kept = loop.create_task(anext(other))
    await asyncio.sleep(0)
    while asks._jobs:  # until threads have them
        await asyncio.sleep(0)
    return kept
kept = loop.run_until_complete(first())
loop.close()
stream.close()
assert counted(abandoned=1, open=1)
order("/__set", stream_released=1000000)  # a piece arrives for a loop that is closed
other.close()
assert list(stream) == []
print("fine")
"""
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        self.assertEqual((ran.stdout, ran.returncode), ("fine\n", 0), ran.stderr)

    def test_a_process_ends_with_a_stream_in_progress(self):
        hold_after(2)
        script = f"""
import sys, threading
sys.path.insert(0, {str(__file__).rsplit("/", 1)[0]!r})
from upstream import router
stream = router().stream("one two")
next(stream)
threading.Thread(target=lambda: list(stream), daemon=True).start()
print("fine")
"""
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        self.assertEqual((ran.stdout, ran.returncode), ("fine\n", 0), ran.stderr)


class BreakingTest(FreshTest):
    def test_a_stream_that_breaks_says_so_after_its_pieces(self):
        for kind in ("stream_break", "stream_cut", "stream_error"):
            for dialect in DIALECTS:
                fault(kind, after=4)
                stream, texts = router(dialect).stream(CHAT), []
                with self.assertRaises(vx11.Error) as broken:
                    for piece in stream:
                        texts.append(piece.text)
                self.assertTrue("".join(texts).startswith("model "))
                self.assertIn("the stream ended early, after ", broken.exception.detail)
                self.assertEqual(broken.exception.upstream, "llama")
                self.assertIsNone(stream.finish_reason)
                with self.assertRaises(vx11.Error):
                    next(stream)

    def test_a_piece_that_does_not_arrive_is_a_timeout(self):
        hold_after(2)
        stream = router().stream(CHAT, piece_timeout=0.02)
        with self.assertRaises(vx11.Error) as late:
            list(stream)
        self.assertEqual(late.exception.code, "timeout")

    def test_the_main_thread_can_be_interrupted(self):
        hold_after(2)
        stream = router().stream(CHAT)
        first_text(stream)
        main, raised = threading.main_thread().ident, threading.Event()
        read_pieces = stream._read_pieces

        def once(*_):
            if not raised.is_set():
                raised.set()
                raise KeyboardInterrupt

        def interrupt():  # again and again: Python may be just about to wait, and miss one
            while not raised.wait(0.001):
                signal.pthread_kill(main, signal.SIGINT)

        def interrupted(handle, limit):  # on a thread of the pool
            threading.Thread(target=interrupt).start()
            read_pieces(handle, limit)

        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, once))
        with mock.patch.object(stream, "_read_pieces", interrupted):
            with self.assertRaises(KeyboardInterrupt):
                next(stream)
        self.assertTrue(counted(abandoned=1, open=0))


    def test_an_error_that_is_raised_again_does_not_grow(self):
        stream = vx11.Router([vx11.Target("down", "http://127.0.0.1:1", dialect="openai")]).stream(CHAT)
        depths = []
        for _ in range(4):
            with self.assertRaises(vx11.ChatFailed) as failed:
                next(stream)
            depths.append(len(traceback.extract_tb(failed.exception.__traceback__)))
        self.assertEqual(depths[1:], depths[1:2] * 3)


class ManyTest(FreshTest):
    def test_threads_that_share_a_stream_share_its_pieces(self):
        alone = sorted(piece.text for piece in router().stream(CHAT))
        for _ in range(5):
            stream, texts, wrong = router().stream(CHAT), [], []

            def take():
                try:
                    while True:
                        try:
                            texts.append(next(stream).text)
                        except vx11.Error as busy:
                            self.assertIn("being read by another call", busy.detail)
                except StopIteration:
                    pass
                except BaseException as error:
                    wrong.append(error)

            threads = [threading.Thread(target=take) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            self.assertEqual(wrong, [])
            self.assertEqual(sorted(texts), alone)

    def test_many_streams_in_tasks_and_threads(self):
        chats = router()

        async def whole(number):
            return "".join([piece.text async for piece in chats.stream(f"number {number}")])

        async def scenario():
            return await asyncio.gather(*(whole(i) for i in range(100)))

        results = {}

        def run(name):
            results[name] = asyncio.run(scenario())

        threads = [threading.Thread(target=run, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        wanted = [f"model heard: number {i}" for i in range(100)]
        self.assertEqual(results, {i: wanted for i in range(3)})

    def test_a_loop_runs_while_it_awaits_a_piece(self):
        hold_after(2)

        async def scenario():
            stream = router().stream(CHAT)
            await first_text_async(stream)
            reading = asyncio.create_task(anext(stream))
            await asyncio.to_thread(order, "/__set", stream_released=1000000)
            self.assertEqual((await reading).text, "heard: ")

        asyncio.run(scenario())


class OptionTest(unittest.TestCase):
    def wrong(self, detail, **more):
        with self.assertRaises(vx11.Error) as error:
            vx11.Router([vx11.Target("a", "http://h", **more)])
        self.assertEqual(error.exception.code, "invalid_argument")
        self.assertIn(detail, error.exception.detail)

    def test_wrong_options_are_named(self):
        self.wrong("targets[0].dialect is none of openai", dialect="opnai")
        self.wrong("targets[0].model has no effect with this dialect", dialect="madre", model="m")
        self.wrong("extra: model is written by the dialect", dialect="openai", extra={"model": "m"})
        self.wrong("weight must be 1 to 1000", dialect="openai", group="g", weight=0)
        self.wrong("targets[0].weight has no effect without a group", dialect="openai", weight=2)
        self.wrong("targets[0].model is missing: this API requires one", dialect="ollama")
        self.wrong("targets[0].dialect.path is missing", dialect={})
        with self.assertRaisesRegex(vx11.Error, "failures_to_open has no effect with trip"):
            vx11.CircuitBreaker(failures_to_open=3, trip=vx11.CountWindow())
        with self.assertRaisesRegex(vx11.Error, r"groups\[0\].policy is none of peak_ewma"):
            vx11.Router([target(group="g")], groups=[vx11.Group("g", policy="fastest")])
        with self.assertRaisesRegex(vx11.Error, r"trip.minimum_calls must be 1 to size"):
            vx11.CircuitBreaker(trip=vx11.CountWindow(size=10))
        with self.assertRaisesRegex(vx11.Error, r"history\[0\].content is missing"):
            router().ask("hi", history=[{"role": "user"}])
        for wrong, error in ((float("nan"), ValueError), ("soon", TypeError)):
            with self.assertRaises(error):
                router().stream("hi", piece_timeout=wrong)
        with self.assertRaises(TypeError):
            copy.copy(router().stream("hi"))


class BreakerTest(unittest.TestCase):
    def state_after(self, outcomes, **options):
        breaker = vx11.CircuitBreaker(**options)
        for outcome in outcomes:
            permit = breaker.acquire()
            permit.success() if outcome == "+" else permit.failure()
        return breaker.state

    def test_windows_open_it(self):
        count = vx11.CountWindow(size=4, minimum_calls=4, failure_rate=0.5)
        self.assertEqual(self.state_after("-+++-+", trip=count), "closed")
        self.assertEqual(self.state_after("++-+-", trip=count), "open")
        time = vx11.TimeWindow(span=3600, minimum_calls=5, failure_rate=0.4)
        self.assertEqual(self.state_after("-+-+", trip=time), "closed")
        self.assertEqual(self.state_after("-+-++", trip=time), "open")
        slow = vx11.CountWindow(size=2, minimum_calls=2, slow=vx11.SlowCalls(after=0))
        self.assertEqual(self.state_after("++", trip=slow), "open")
        growth = vx11.OpenGrowth(factor=2, at_most=120, jitter=(0.5, 1))
        self.assertEqual(self.state_after("---", growth=growth, probes=4, probes_to_close=2), "open")

    def test_no_property_of_a_closed_circuit_says_that_it_is_open(self):
        self.assertFalse(hasattr(vx11.CircuitBreaker(), "is_open"))

    def test_it_is_controlled_by_hand(self):
        breaker = vx11.CircuitBreaker(failures_to_open=1)
        self.assertEqual(breaker.mode, "automatic")
        breaker.isolate()
        self.assertEqual(breaker.mode, "isolated")
        with self.assertRaises(vx11.CircuitOpen):
            breaker.acquire()
        for control, mode in (
            (breaker.force_close, "forced_closed"),
            (breaker.disable, "disabled"),
            (breaker.metrics_only, "metrics_only"),
        ):
            control()
            breaker.acquire().failure()
            self.assertEqual((breaker.mode, breaker.state), (mode, "closed"))
        breaker.automatic()
        breaker.acquire().failure()
        self.assertEqual((breaker.mode, breaker.state), ("automatic", "open"))
        breaker.reset()
        self.assertEqual(breaker.state, "closed")


if __name__ == "__main__":
    unittest.main()
