"""What becomes of a chat that the first target does not answer: rules, slow targets, last resorts and
shadows, against a real server of models."""

import unittest

import vx11
from upstream import counted, fault, fresh, hold_after, look, target

ANSWER = "model heard: hello"
CHAT_PATHS = {"llama": "POST /v1/chat/completions", "ollama": "POST /api/chat", "claude": "POST /v1/messages"}


def chain(**options):
    """Three targets, distinguished by the paths of their APIs."""
    first = options.pop("first", {})
    targets = [target("llama", **first), target("ollama", "ollama"), target("claude", "anthropic")]
    return vx11.Router(targets, **options)


def llama_has(kind):
    fresh()
    fault(kind, path="/v1/chat")


class RoutesTest(unittest.TestCase):
    def setUp(self):
        fresh()

    def expect(self, router, source, reason):
        reply = router.ask("hello")
        self.assertEqual((reply.text, reply.source, reply.reason), (ANSWER, source, reason))

    def expect_failure(self, router, code):
        with self.assertRaises(vx11.ChatFailed) as raised:
            router.ask("hello")
        self.assertEqual((raised.exception.code, raised.exception.upstream), (code, "llama"))
        return raised.exception

    def test_a_rule_by_kind_leads_past_the_steps_between(self):
        router = chain(fallback_rules=[vx11.FallbackRule(when="context_too_long", next="claude")])
        llama_has("context_too_long")
        self.expect(router, "claude", "llama_error")
        self.assertNotIn(CHAT_PATHS["ollama"], look("/__count"))
        llama_has("500")
        self.expect(router, "ollama", "llama_error")

    def test_a_rule_without_a_next_step_is_final(self):
        rules = [vx11.FallbackRule(when="content_refused"), vx11.FallbackRule(statuses=(404, 410))]
        router = chain(fallback_rules=rules)
        for kind in ("content_refused", "404"):
            llama_has(kind)
            self.assertEqual(len(self.expect_failure(router, "http_status").attempts), 1)
            self.assertEqual(look("/__count")["total"], 1)
        llama_has("500")
        self.expect(router, "ollama", "llama_error")

    def test_a_rule_ends_a_stream_before_its_first_piece(self):
        llama_has("content_refused")
        with self.assertRaises(vx11.Error) as raised:
            list(chain(fallback_rules=[vx11.FallbackRule(when="content_refused")]).stream("hello"))
        self.assertEqual(raised.exception.code, "http_status")

    def test_a_slow_target_is_overtaken(self):
        router = chain(first={"fallback_after": 0.02}, overtaken="cancel")
        llama_has("hang")
        self.expect(router, "ollama", "llama_slow")
        self.assertTrue(counted(abandoned=1))

    def test_a_target_that_is_never_overtaken_has_its_whole_time(self):
        router = chain(first={"fallback_after": 0, "try_timeout": 0.05})
        llama_has("hang")
        self.expect(router, "ollama", "llama_timeout")

    def test_a_stream_ends_with_the_total_time_of_its_target(self):
        hold_after(2)
        self.addCleanup(fresh)
        with self.assertRaises(vx11.Error) as raised:
            list(chain(first={"total_timeout": 0.3}).stream("hello"))
        self.assertEqual(raised.exception.code, "timeout")

    def test_a_last_resort_is_asked_past_an_open_breaker(self):
        for resorts in (0, 1):
            breaker = vx11.CircuitBreaker(failures_to_open=1)
            router = vx11.Router([target(breaker=breaker)], last_resorts=resorts)
            llama_has("500")
            self.expect_failure(router, "http_status")
            self.assertEqual(breaker.state, "open")
            fresh()
            if resorts:
                self.expect(router, "llama", "llama_circuit_open")
            else:
                self.assertGreater(self.expect_failure(router, "circuit_open").retry_after, 0)

    def test_a_shadow_gets_copies_and_changes_no_answer(self):
        shadow = vx11.Shadow(target("llama"), share=0.5)
        router = vx11.Router([target("ollama", "ollama")], shadow=shadow)
        for _ in range(8):
            self.expect(router, "ollama", "")
        self.assertTrue(counted(**{CHAT_PATHS["llama"]: 4}))
        llama_has("500")
        for _ in range(2):
            self.expect(router, "ollama", "")
        self.assertTrue(counted(**{CHAT_PATHS["llama"]: 1}))
        self.assertEqual(router.breaker("llama").state, "closed")

    def expect_mistake(self, detail, **options):
        with self.assertRaises(vx11.Error) as raised:
            chain(**options)
        self.assertEqual(raised.exception.code, "invalid_argument")
        self.assertIn(detail, raised.exception.detail)

    def test_mistakes_are_named(self):
        rule = vx11.FallbackRule
        self.expect_mistake("fallback rule 1: neither statuses nor a condition", fallback_rules=[rule()])
        self.expect_mistake("\"other\" is neither a group", fallback_rules=[rule([400], next="other")])
        self.expect_mistake("status 200 is not one of", fallback_rules=[rule([200])])
        self.expect_mistake("fallback_rules[0].when is neither", fallback_rules=[rule(when="long")])
        self.expect_mistake("last_resorts is not a whole number", last_resorts=-1)
        self.expect_mistake("overtaken is neither observe nor cancel", overtaken="stop")
        self.expect_mistake("share must be 0 to 1", shadow=vx11.Shadow(target("b"), share=2))
        self.expect_mistake("fallback_after_ms is not a number", first={"fallback_after": -1})
        own = vx11.FunctionTransport(lambda request: vx11.Response())
        self.expect_mistake(
            "fallback_after_ms has no effect", first={"fallback_after": 1, "transport": own}
        )
        self.expect_mistake(
            "its transport blocks", shadow=vx11.Shadow(vx11.Target("madre", "http://h", transport=own))
        )


if __name__ == "__main__":
    unittest.main()
