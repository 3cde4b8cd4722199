// Loading a configuration: precedence, secrets, and what has to fit together.
#include <vx11/circuit_breaker.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/net/server.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/router.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/checks/config_secrets.hpp"
#include "gateway/redis/redis_client.hpp"

using namespace gateway;
using namespace gateway::testing;
using namespace std::chrono_literals;

TEST_CASE("nothing set is a configuration that works") {
  const auto loaded = Sources{}.load();
  CHECK(loaded.mistakes.empty());
  CHECK(to_string(loaded.config.server.listen) == "127.0.0.1:8000");
  CHECK(loaded.config.server.threads == default_threads());
  CHECK(loaded.config.madre_is_embedded());
  CHECK_FALSE(loaded.config.has_switch());
  CHECK_FALSE(loaded.config.has_redis());
  CHECK(describe_upstreams(loaded.config) ==
        "madre: embedded; switch: absent; redis: not configured");
}

TEST_CASE("the defaults are those of the library") {
  const GatewayConfig config;
  CHECK(config.chat.deadline == vx11::RouterOptions{}.total_timeout);
  CHECK(config.switch_.limit == vx11::RouterTarget{}.try_timeout);
  CHECK(config.madre.limit == vx11::RouterTarget{}.try_timeout);
  CHECK(config.status.limit == vx11::HealthComponent{}.timeout);
  CHECK(config.status.reuse_for == 10ms);  // not the library's zero: pipelined calls share rounds
  CHECK(config.limits.max_body_bytes == vx11::OperatorApiOptions{}.max_body_bytes);
  CHECK(config.limits.max_message_bytes == vx11::OperatorApiOptions{}.max_message_bytes);
  CHECK(config.server.drain_delay == 5s);
  CHECK(config.server.idle_timeout == vx11::ServerLimits{}.idle_timeout);
  CHECK(config.upstream.name_cache == vx11::NetTransportOptions{}.name_cache);
  CHECK(config.auth.jwt.leeway == vx11::JwtOptions{}.leeway);
  CHECK(config.auth.jwt.algorithms == vx11::JwtOptions{}.algorithms);
}

TEST_CASE("a flag wins over the environment, that over the file, that over the default") {
  const ScratchFolder folder;
  const auto file = folder.write("gateway.toml",
                                 "[switch]\n"
                                 "url = \"http://file:1\"\n"
                                 "limit = \"1s\"\n"
                                 "[madre]\n"
                                 "url = \"http://file:2\"\n"
                                 "[redis]\n"
                                 "url = \"redis://file:3\"\n");
  const auto loaded = Sources{.arguments = {"--config", file, "--switch", "http://flag:1"},
                              .variables = {{"VX11_SWITCH_URL", "http://environment:1"},
                                            {"VX11_MADRE_URL", "http://environment:2"}}}
                          .load();
  REQUIRE(loaded.mistakes.empty());
  CHECK(loaded.config.switch_.url.value == "http://flag:1");
  CHECK(loaded.origin("switch.url").where == "--switch");
  CHECK(loaded.config.madre.url.value == "http://environment:2");
  CHECK(loaded.origin("madre.url").where == "VX11_MADRE_URL");
  CHECK(loaded.config.redis.url.value == "redis://file:3");
  CHECK(loaded.origin("redis.url").where == file + ":7");
  CHECK(loaded.config.switch_.limit == 1s);
  CHECK(loaded.config.madre.limit == 15s);
  CHECK(loaded.origin("madre.limit").where == "default");
}

TEST_CASE("every setting can be set by its variable") {
  for (const Setting& setting : settings()) {
    CAPTURE(setting.key);
    REQUIRE_FALSE(setting.environment.empty());
    CHECK(setting.environment.front().starts_with("VX11_"));
    CHECK_FALSE(setting.doc.empty());
  }
  const auto loaded = Sources{.variables = {{"VX11_SWITCH_BREAKER_FAILURES_TO_OPEN", "5"},
                                            {"VX11_CHAT_DEADLINE", "2m"},
                                            {"VX11_METRICS_PUBLIC", "true"},
                                            {"VX11_AUTH_JWT_ALGORITHMS", "HS256, RS256"}}}
                          .load();
  REQUIRE(loaded.mistakes.empty());
  CHECK(loaded.config.switch_.breaker.failures_to_open == 5);
  CHECK(loaded.config.chat.deadline == 2min);
  CHECK(loaded.config.metrics.open);
  CHECK(loaded.config.auth.jwt.algorithms == std::vector<std::string>{"HS256", "RS256"});
}

TEST_CASE("a variable that is empty is as one that is not set") {
  const auto loaded = Sources{.variables = {{"VX11_SWITCH_URL", ""},
                                            {"VX11_TENTACULO_LINK_TOKEN", ""},
                                            {"VX11_GATEWAY_TOKEN", "second"}}}
                          .load();
  REQUIRE(loaded.mistakes.empty());
  CHECK_FALSE(loaded.config.has_switch());
  CHECK(loaded.config.auth.token.value == "second");
}

TEST_CASE("every duration reads as it is written") {
  const auto deadline_of = [](const std::string& text) {
    return Sources{.variables = {{"VX11_SHUTDOWN", ""}, {"VX11_SERVER_SHUTDOWN_GRACE", text}}}
        .load()
        .config.server.shutdown_grace;
  };
  CHECK(deadline_of("15s") == 15s);
  CHECK(deadline_of("250ms") == 250ms);
  CHECK(deadline_of("2m") == 2min);
  CHECK(deadline_of("1h") == 1h);
  CHECK(deadline_of("7us") == 7us);
  CHECK(deadline_of("0s") == 0s);
}

TEST_CASE("IPv6, names and port 0 can be listened on") {
  const auto listen = [](const std::string& text) {
    return Sources{.arguments = {"--listen", text}}.load().config.server.listen;
  };
  CHECK(listen("[::1]:8000") == Address{.host = "::1", .port = 8000});
  CHECK(to_string(listen("[::1]:8000")) == "[::1]:8000");
  CHECK(listen("localhost:0") == Address{.host = "localhost", .port = 0});
}

TEST_CASE("of a flag that is repeated the last counts") {
  const auto loaded =
      Sources{.arguments = {"--switch", "http://s:1", "--switch", "http://s:2"}}.load();
  CHECK(loaded.mistakes.empty());
  CHECK(loaded.config.switch_.url.value == "http://s:2");
}

TEST_CASE("loopback addresses are recognised") {
  for (const char* host : {"127.0.0.1", "127.8.8.8", "::1", "localhost", "::ffff:127.0.0.1"}) {
    CAPTURE(host);
    CHECK(is_loopback({.host = host}));
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "gateway.example", "::ffff:10.0.0.1"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback({.host = host}));
  }
}

TEST_CASE("tokens: the first variable, the second, the development token") {
  SUBCASE("the first wins") {
    const auto loaded = Sources{.variables = {{"VX11_TENTACULO_LINK_TOKEN", "the-first-of-the-two"},
                                              {"VX11_GATEWAY_TOKEN", "two"}}}
                            .load();
    CHECK(loaded.config.auth.token.value == "the-first-of-the-two");
    CHECK(loaded.warnings.empty());
  }
  SUBCASE("the second serves") {
    const auto loaded = Sources{.variables = {{"VX11_GATEWAY_TOKEN", "two"}}}.load();
    CHECK(loaded.config.auth.token.value == "two");
  }
  SUBCASE("so does the one named after the setting") {
    const auto loaded = Sources{.variables = {{"VX11_AUTH_TOKEN", "two"}}}.load();
    CHECK(loaded.config.auth.token.value == "two");
    CHECK(loaded.origin("auth.token").where == "VX11_AUTH_TOKEN");
  }
  SUBCASE("none is the development token, with a warning") {
    const auto loaded = Sources{}.load();
    CHECK(loaded.config.auth.token.value == kDevelopmentToken);
    REQUIRE(loaded.warnings.size() == 1);
    CHECK(loaded.warnings.front().find("development token") != std::string::npos);
  }
  SUBCASE("upstreams are sent the same unless they have their own") {
    CHECK(
        Sources{.variables = {{"VX11_GATEWAY_TOKEN", "two"}}}.load().config.upstream.token.value ==
        "two");
    CHECK(Sources{.variables = {{"VX11_GATEWAY_TOKEN", "two"}, {"VX11_UPSTREAM_TOKEN", "three"}}}
              .load()
              .config.upstream.token.value == "three");
  }
}

TEST_CASE("a budget that a restart forgets is a warning, unless that is wanted") {
  const ScratchFolder folder;
  const auto warnings = [&](const std::string& more) {
    const auto config = folder.write("gateway.toml",
                                     "auth.token = 'a-token-of-this-test'\n"
                                     "madre.url = 'http://madre:8001'\n"
                                     "sessions.store = 'memory'\n"
                                     "power.budget.per_day = '2h'\n" +
                                         more);
    return Sources{.file = config}.load().warnings;
  };
  REQUIRE(warnings("").size() == 1);
  CHECK(warnings("").front().find("power.budget") != std::string::npos);
  CHECK(warnings("power.ledger = 'none'\n").empty());
  CHECK(warnings("power.ledger = '/var/lib/vx11/power.json'\n").empty());
}

TEST_CASE("a token is read from the first line of its file") {
  const ScratchFolder folder;
  const auto token = folder.write("token", "from the file of a test\nsecond line\n");
  const auto config = folder.write("gateway.toml", "auth.token_file = '" + token + "'\n");
  SUBCASE("instead of the default") {
    const auto loaded = Sources{.file = config}.load();
    REQUIRE(loaded.mistakes.empty());
    CHECK(loaded.config.auth.token.value == "from the file of a test");
    CHECK(loaded.warnings.empty());
    CHECK(loaded.origin("auth.token").where == config + ":1, auth.token_file");
  }
  SUBCASE("but a variable is stronger than a file") {
    const auto loaded =
        Sources{.variables = {{"VX11_GATEWAY_TOKEN", "variable"}}, .file = config}.load();
    REQUIRE(loaded.mistakes.empty());
    CHECK(loaded.config.auth.token.value == "variable");
  }
}

TEST_CASE("sessions are kept below XDG_STATE_HOME, or below the home folder") {
  const auto place = [](Variables variables) {
    return Sources{.variables = std::move(variables)}.load().config.sessions.store.sqlite_path;
  };
  CHECK(place({}) == "/home/someone/.local/state/vx11/sessions.db");
  CHECK(place({{"XDG_STATE_HOME", "/state"}}) == "/state/vx11/sessions.db");
  CHECK(place({{"XDG_STATE_HOME", "relative"}}) == "/home/someone/.local/state/vx11/sessions.db");
  CHECK(place({{"VX11_SESSIONS_STORE", "memory"}}) == std::nullopt);
  CHECK(place({{"VX11_SESSIONS_STORE", "sqlite:here.db"}}) == "here.db");
}

TEST_CASE("only one upstream configured: the other is embedded or absent") {
  CHECK(describe_upstreams(Sources{.arguments = {"--switch", "http://s:2"}}.load().config) ==
        "madre: embedded; switch: http://s:2; redis: not configured");
  CHECK(describe_upstreams(Sources{.arguments = {"--madre", "http://m:1/"}}.load().config) ==
        "madre: http://m:1; switch: absent; redis: not configured");
}

TEST_CASE("an empty variable of a secret is no silent default") {
  const Variables empty = {{"VX11_TENTACULO_LINK_TOKEN", ""}};
  const auto loopback = Sources{.variables = empty}.load();
  REQUIRE(loopback.warnings.size() == 1);
  CHECK(loopback.warnings.front().starts_with(
      "VX11_TENTACULO_LINK_TOKEN is set, but empty: the development token is in use"));
  const auto exposed =
      Sources{.arguments = {"--listen", "0.0.0.0:1", "--insecure-listen"}, .variables = empty}
          .load();
  REQUIRE(exposed.mistakes.size() == 1);
  CHECK(exposed.mistakes.front().what.starts_with("VX11_TENTACULO_LINK_TOKEN is set, but empty: "));
  const auto upstream = Sources{
      .variables = {{"VX11_GATEWAY_TOKEN", "a-token-of-a-test"},
                    {"VX11_UPSTREAM_TOKEN",
                     ""}}}.load();
  CHECK(upstream.warnings ==
        std::vector<std::string>{
            "VX11_UPSTREAM_TOKEN is set, but empty: the upstreams are sent auth.token"});
}

TEST_CASE("a variable that no setting reads is named with the nearest that exists") {
  const auto loaded = Sources{
      .variables = {
          {"VX11_GATEWAY_TOKEN", "a-token-of-a-test"},
          {"VX11_SWITCH_ULR", "http://s:2"},
          {"VX11_ZZZZZZZZZZZZZZZZZZZZZZ", ""},
          {"VX11_SERVER_FRONT", "event"},
          {"OTHER", "x"}}}.load();
  REQUIRE(loaded.warnings.size() == 3);
  CHECK(loaded.warnings[0] ==
        "VX11_SWITCH_ULR: no setting reads this variable, did you mean \"VX11_SWITCH_URL\"?");
  CHECK(loaded.warnings[1] == "VX11_ZZZZZZZZZZZZZZZZZZZZZZ: no setting reads this variable");
  CHECK(loaded.warnings[2].starts_with("VX11_SERVER_FRONT: has no effect any more"));
}

TEST_CASE("on a loopback address only known hosts may be named") {
  const auto hosts = [](std::vector<std::string> arguments, Variables variables = {}) {
    variables.emplace("VX11_GATEWAY_TOKEN", "a-token-of-a-test");
    return allowed_hosts(
        Sources{.arguments = std::move(arguments), .variables = std::move(variables)}
            .load()
            .config.server);
  };
  using Hosts = std::vector<std::string>;
  CHECK(hosts({}) == Hosts{"localhost", "127.0.0.1", "[::1]", "127.0.0.1"});
  CHECK(hosts({"--listen", "[::1]:1"}).back() == "[::1]");
  CHECK(hosts({}, {{"VX11_SERVER_HOSTS", "gateway.example,other"}}).size() == 6);
  CHECK(hosts({"--listen", "0.0.0.0:1"}).empty());
  CHECK(hosts({"--listen", "0.0.0.0:1"}, {{"VX11_SERVER_HOSTS", "gateway.example"}}).back() ==
        "gateway.example");
}

TEST_CASE("metrics.public is the older way to write metrics.access") {
  const Variables token = {{"VX11_GATEWAY_TOKEN", "a-token-of-a-test"}};
  const auto mode = [&](Variables variables) {
    variables.insert(token.begin(), token.end());
    const auto loaded = Sources{.variables = std::move(variables)}.load();
    REQUIRE(loaded.mistakes.empty());
    return loaded.config.metrics.access;
  };
  CHECK(mode({}) == MetricsMode::automatic);
  CHECK(mode({{"VX11_METRICS_ACCESS", "token"}}) == MetricsMode::token);
  CHECK(mode({{"VX11_METRICS_PUBLIC", "true"}}) == MetricsMode::open);
  CHECK(mode({{"VX11_METRICS_PUBLIC", "false"}}) == MetricsMode::automatic);
  CHECK(mode({{"VX11_METRICS_PUBLIC", "true"}, {"VX11_METRICS_ACCESS", "token"}}) ==
        MetricsMode::token);
}

TEST_CASE("a switch that may use up the whole deadline earns a warning") {
  const auto loaded = Sources{.arguments = {"--switch", "http://s:2"},
                              .variables = {{"VX11_SWITCH_LIMIT", "30s"},
                                            {"VX11_GATEWAY_TOKEN", "a-token-of-a-test"}}}
                          .load();
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings.front().starts_with("switch.limit"));
}

TEST_CASE("an old configuration that chooses the event-driven server loads, with a warning") {
  for (const char* name : {"event", "asio"}) {
    const ScratchFolder folder;
    const auto file = folder.write("gateway.toml", "server.front = '" + std::string(name) + "'\n");
    const auto loaded =
        Sources{.variables = {{"VX11_GATEWAY_TOKEN", "a-token-of-a-test"}}, .file = file}.load();
    CHECK(loaded.mistakes.empty());
    REQUIRE(loaded.warnings.size() == 1);
    CHECK(loaded.warnings.front() == file +
                                         ":1: server.front: has no effect any more, the "
                                         "event-driven server is the only one; delete it");
  }
}

TEST_CASE(
    "an old configuration that chooses the blocking server is an error that says what to do") {
  const auto loaded = Sources{.arguments = {"--server", "httplib"}}.load();
  REQUIRE(loaded.mistakes.size() == 1);
  CHECK(to_string(loaded.mistakes.front())
            .starts_with(
                "--server: the blocking server \"httplib\" was removed; delete the setting"));
  CHECK(Sources{.variables = {{"VX11_SERVER_FRONT", "httplib"}}}.load().mistakes.size() == 1);
}

TEST_CASE(
    "sessions in Redis: the password of a file stands in no output, and unused limits are named") {
  const ScratchFolder folder;
  const std::string file = folder.write(
      "gateway.toml", "redis.password_file = '" + folder.write("password", "hid/den:\n") +
                          "'\nsessions.store = 'redis+sentinel://ana@a:26380,b/main'\n"
                          "sessions.max_bytes = 100000\n");
  const LoadedConfig loaded = Sources{.file = file}.load();
  CHECK(mistakes_of(loaded, folder).empty());
  const std::string& url = *loaded.config.sessions.store.redis_url;
  CHECK(print(loaded.config.sessions.store) == "\"redis+sentinel://***@a:26380,b/main\"");
  CHECK(print(loaded.config.redis.password) == "\"***\"");
  CHECK(first_port(url) == 26380);
  CHECK(first_port("redis+sentinel://a/main") == 26379);
  CHECK(first_port("rediss://[::1]/2") == 6379);
  CHECK(with_password("redis://h/1", loaded.config.redis) == "redis://:hid%2Fden%3A@h/1");
  CHECK(with_password("rediss://ana:old@h", loaded.config.redis) == "rediss://ana:hid%2Fden%3A@h");
  CHECK(with_password("redis://old@h", loaded.config.redis) == "redis://:hid%2Fden%3A@h");
  REQUIRE(loaded.warnings.size() >= 1);
  const auto& warnings = loaded.warnings;
  CHECK(std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
    return warning.find("sessions.max_bytes: has no effect on sessions in Redis") != warning.npos;
  }));
}
