// Every kind of mistake in a configuration, where it is, and that no secret is in the message.
#include <doctest/doctest.h>

#include "config_sources.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

using Lines = std::vector<std::string>;

Lines mistakes_in_file(std::string_view text) {
  const ScratchFolder folder;
  return mistakes_of(Sources{.file = folder.write("gateway.toml", text)}.load(), folder);
}

Lines mistakes(const Sources& sources) {
  const ScratchFolder folder;
  return mistakes_of(sources.load(), folder);
}

}  // namespace

TEST_CASE("an unknown key is named with its line and the nearest that exists") {
  CHECK(mistakes_in_file("[chat]\n\ndeadlin = \"1s\"\n") ==
        Lines{"gateway.toml:3: chat.deadlin: no such setting, did you mean \"chat.deadline\"?"});
  CHECK(mistakes_in_file("[swich]\nurl = \"http://s:1\"\n") ==
        Lines{"gateway.toml:1: swich: no such table, did you mean \"switch\"?"});
  CHECK(mistakes_in_file("listen = \"127.0.0.1:1\"\n") ==
        Lines{"gateway.toml:1: listen: no such setting, did you mean \"server.listen\"?"});
  CHECK(mistakes_in_file("zzzzzzzz = 1\n") ==
        Lines{"gateway.toml:1: zzzzzzzz: no such setting; --check-config prints all there are"});
}

TEST_CASE("a value of the wrong type: the error names the expected type") {
  CHECK(mistakes_in_file("[chat]\ndeadline = 15\n") ==
        Lines{"gateway.toml:2: chat.deadline: is an integer, not a duration; write a whole number "
              "with its unit, such as \"15s\", \"250ms\", \"2m\" or \"1h\""});
  CHECK(mistakes_in_file("server.threads = \"8\"\n") ==
        Lines{"gateway.toml:1: server.threads: is text, not a whole number; write digits only"});
  CHECK(mistakes_in_file("metrics.public = \"yes\"\n") ==
        Lines{"gateway.toml:1: metrics.public: is text, not a yes or no; write true or false"});
  CHECK(mistakes_in_file("auth.jwt.algorithms = [\"HS256\", 5]\n") ==
        Lines{"gateway.toml:1: auth.jwt.algorithms: is a list, not a list of words; write "
              "[\"one\", \"two\"], outside of files one,two"});
  CHECK(mistakes_in_file("server.threads = 1.5\n").front().find("is a decimal number") !=
        std::string::npos);
  CHECK(mistakes_in_file("server.threads = 1979-05-27\n").front().find("is a date or time") !=
        std::string::npos);
  CHECK(mistakes_in_file("switch = \"http://s:1\"\n") ==
        Lines{"gateway.toml:1: switch: is text; it is a table of settings, write [switch] and one "
              "a line below it"});
}

TEST_CASE("a value out of range: the error names the range") {
  CHECK(mistakes_in_file("server.threads = 0\n") ==
        Lines{"gateway.toml:1: server.threads: 0 is out of range; take 1 to 1024"});
  CHECK(mistakes_in_file("server.threads = -1\n") ==
        Lines{"gateway.toml:1: server.threads: \"-1\" is not a whole number; write digits only"});
  CHECK(mistakes_in_file("chat.deadline = \"0s\"\n") ==
        Lines{"gateway.toml:1: chat.deadline: \"0s\" is out of range; take \"1ms\" to \"1h\""});
}

TEST_CASE("values that cannot be read are shown with what they should look like") {
  for (const char* text :
       {"15", "s", "-1s", "1.5s", "15 s", "99999999999999999999s", "9999999999999h", ""}) {
    CAPTURE(text);
    const auto found = mistakes_in_file("chat.deadline = '" + std::string(text) + "'\n");
    REQUIRE(found.size() == 1);
    CHECK(found.front().find("is not a duration; write") != std::string::npos);
  }
  for (const char* text : {"8000", ":8000", "::1:8000", "localhost", "localhost:", "host:65536",
                           "[::1]", "[::1", "a b:1", "host:-1"}) {
    CAPTURE(text);
    const auto found = mistakes({.arguments = {std::string("--listen=") + text}});
    REQUIRE(found.size() == 1);
    CHECK(found.front().find("is not an address to listen on") != std::string::npos);
    CHECK(found.front().starts_with("--listen: "));
  }
  for (const char* text : {"127.0.0.1:8002", "ftp://s:1", "http://", "http://s:0", "http://s:x",
                           "http://s:1/path", "http://s?x", "http://s:65536", "http://s p:1",
                           "http://1.2.3", "http://0x7f.1", "http://::1", "http://s..t"}) {
    CAPTURE(text);
    const auto found = mistakes({.variables = {{"VX11_SWITCH_URL", text}}});
    REQUIRE(found.size() == 1);
    CHECK(found.front().find("is not the base URL of an upstream") != std::string::npos);
    CHECK(found.front().starts_with("VX11_SWITCH_URL: "));
  }
  CHECK(mistakes({.arguments = {"--madre", "madre"}}) ==
        Lines{"--madre: \"madre\" is not the base URL of an upstream; write \"http://host:port\" "
              "without user, path or query, such as \"http://127.0.0.1:8001\""});
  CHECK(mistakes({.arguments = {"--redis", "http://r:1"}}).size() == 1);
  CHECK(mistakes({.arguments = {"--sessions", "postgres:x"}}) ==
        Lines{"--sessions: \"postgres:x\" is not a place for sessions; write \"memory\", "
              "\"sqlite:PATH\" or the URL of a Redis, such as \"redis://127.0.0.1:6379\""});
  CHECK(mistakes({.variables = {{"VX11_AUTH_MODE", "none"}}}) ==
        Lines{"VX11_AUTH_MODE: \"none\" is not a way to authenticate; write \"token\", \"jwt\" or "
              "\"off\""});
}

TEST_CASE(
    "sessions in Redis need a whole URL, a prefix without braces, and keys that can be read") {
  for (const char* url : {"redis://:hidden@", "redis://h:70000", "redis://h/x",
                          "redis+sentinel://a,b", "redis+cluster://a/1"}) {
    CAPTURE(url);
    const auto found = mistakes({.arguments = {"--sessions", url}});
    REQUIRE(found.size() == 1);
    CHECK(found.front().starts_with("--sessions: "));
    CHECK(found.front().find("hidden") == std::string::npos);
  }
  CHECK(mistakes({.arguments = {"--sessions", "redis://r"},
                  .variables = {{"VX11_REDIS_PREFIX", "{a}"}}}) ==
        Lines{"VX11_REDIS_PREFIX: must not contain { or }; take them out"});
  CHECK(mistakes({.arguments = {"--sessions", "memory"},
                  .variables = {{"VX11_SESSIONS_ENCRYPTION_KEYS", "/keys"}}}) ==
        Lines{"VX11_SESSIONS_ENCRYPTION_KEYS: encrypts sessions in Redis only; delete it, or give "
              "sessions.store the URL of a Redis"});
  const auto found = mistakes({.arguments = {"--sessions", "redis://r"},
                               .variables = {{"VX11_SESSIONS_ENCRYPTION_KEYS", "/no/such/file"}}});
  REQUIRE(found.size() == 1);
  CHECK(found.front().ends_with("cannot be read: No such file or directory"));
}

TEST_CASE("what gateways share needs a Redis") {
  for (const char* shared : {"VX11_LIMITS_SHARED", "VX11_IDEMPOTENCY_SHARED",
                             "VX11_CHAT_BREAKER_HINTS", "VX11_AUTH_SHARED_REVOCATIONS"}) {
    CAPTURE(shared);
    CHECK(mistakes({.variables = {{shared, "true"}}}) ==
          Lines{std::string(shared) +
                ": needs a Redis; give sessions.store or redis.url the URL of one"});
    CHECK(mistakes({.variables = {{shared, "true"}, {"VX11_REDIS_URL", "redis://r"}}}) == Lines{});
    CHECK(mistakes({.arguments = {"--sessions", "redis://r"}, .variables = {{shared, "true"}}}) ==
          Lines{});
  }
}

TEST_CASE("invalid TOML is reported with line and column") {
  const auto found = mistakes_in_file("[server]\nlisten = \n");
  REQUIRE(found.size() == 1);
  CHECK(found.front().starts_with("gateway.toml:2: is not TOML at column "));
  CHECK(mistakes_in_file("[chat]\n[chat]\n").front().starts_with("gateway.toml:2: is not TOML"));
}

TEST_CASE("depth without end is a mistake and no stack overflow") {
  std::string key = "a";
  for (int i = 0; i < 50'000; ++i) key += ".a";
  CHECK(mistakes_in_file("# a comment ..................................................\n" + key +
                         " = 1\n") == Lines{"gateway.toml:2: a key has more than 32 parts"});
  CHECK(mistakes_in_file('[' + key + "]\n") ==
        Lines{"gateway.toml:1: a key has more than 32 parts"});
  CHECK(mistakes_in_file("x = { " + key + " = 1 }\n").size() == 1);
  std::string spaced = "a";
  for (int i = 0; i < 50'000; ++i) spaced += i % 2 == 0 ? " . 'a'" : " .\t\"a\"";
  CHECK(mistakes_in_file(spaced + " = 1\n").size() == 1);
  CHECK(mistakes_in_file("x = " + std::string(50'000, '[') + "\n").size() == 1);
  std::string tables = "x = ";
  for (int i = 0; i < 50'000; ++i) tables += "{a=";
  CHECK(mistakes_in_file(tables + "\n").size() == 1);
}

TEST_CASE("dots outside of keys count for nothing") {
  const std::string dots(100, '.');
  CHECK(mistakes_in_file("[auth.jwt]\nissuer = \"" + dots + "\"\n").empty());
  CHECK(mistakes_in_file("[auth.jwt]\nissuer = '" + dots + "'  # " + dots + "\n").empty());
  CHECK(mistakes_in_file("[auth.jwt]\nissuer = \"\\\"" + dots + "\"\naudience = 'x'\n").empty());
  CHECK(mistakes_in_file("[auth.jwt]\nissuer = '''" + dots + "\"'''\naudience = 'x'\n").empty());
}

TEST_CASE("a file that is not there is a mistake of the machine, not of the writer") {
  const auto loaded = Sources{.arguments = {"--config", "/nowhere/gateway.toml"}}.load();
  REQUIRE(loaded.mistakes.size() == 1);
  CHECK(to_string(loaded.mistakes.front()) ==
        "/nowhere/gateway.toml: cannot be read: No such file or directory; check the path given "
        "to --config");
  CHECK(loaded.mistakes.front().kind == Mistake::Kind::machine);
}

TEST_CASE("a folder is no file") {
  const ScratchFolder folder;
  const auto found = mistakes_of(Sources{.file = folder / "."}.load(), folder);
  REQUIRE(found.size() == 1);
  CHECK(found.front().find("cannot be read") != std::string::npos);
}

TEST_CASE("unknown flags are named, their values are not") {
  CHECK(mistakes({.arguments = {"--swich", "http://user:hidden@s:1"}}) ==
        Lines{"--swich: no such flag, did you mean \"--switch\"?"});
  CHECK(mistakes({.arguments = {"--something-else=hidden"}}) ==
        Lines{"--something-else: no such flag, see --help"});
  const auto token = mistakes({.arguments = {"--token", "hidden"}});
  REQUIRE(token.size() == 1);
  CHECK(token.front().starts_with("--token: there is no flag for a secret"));
  CHECK(token.front().find("hidden") == std::string::npos);
  CHECK(mistakes({.arguments = {"--listen"}}) == Lines{"--listen: needs a value: HOST:PORT"});
  CHECK(mistakes({.arguments = {"--switch="}}) == Lines{"--switch: needs a value: URL"});
  CHECK(mistakes({.arguments = {"--config", "/nowhere/gateway.toml", "--listen"}}).size() == 2);
  CHECK(mistakes({.arguments = {"--config="}}).size() == 1);
  CHECK(mistakes({.arguments = {"serve"}}).size() == 1);
}

TEST_CASE("all mistakes of all sources come together, those of a file in its order") {
  const ScratchFolder folder;
  const auto file = folder.write("gateway.toml",
                                 "[server]\n"
                                 "thread = 3\n"
                                 "listen = 8000\n"
                                 "[chat]\n"
                                 "deadline = \"soon\"\n");
  const auto found = mistakes_of(Sources{.arguments = {"--redis", "nonsense"},
                                         .variables = {{"VX11_MADRE_URL", "nonsense"}},
                                         .file = file}
                                     .load(),
                                 folder);
  REQUIRE(found.size() == 5);
  CHECK(found[0].starts_with("gateway.toml:2: server.thread: "));
  CHECK(found[1].starts_with("gateway.toml:3: server.listen: "));
  CHECK(found[2].starts_with("gateway.toml:5: chat.deadline: "));
  CHECK(found[3].starts_with("VX11_MADRE_URL: "));
  CHECK(found[4].starts_with("--redis: "));
}

TEST_CASE("a message never shows a secret") {
  const auto url = mistakes({.variables = {{"VX11_SWITCH_URL", "http://me:hidden@s:1"}}});
  REQUIRE(url.size() == 1);
  CHECK(url.front().find("\"http://***@s:1\" is not") != std::string::npos);
  for (const char* broken : {"redis//me:hidden@r", "me:hidden@r", "redis://me:hid@den@r:x"}) {
    CAPTURE(broken);
    const auto redis = mistakes({.variables = {{"VX11_REDIS_URL", broken}}});
    REQUIRE(redis.size() == 1);
    CHECK(redis.front().find("hid") == std::string::npos);
  }
  const auto token = mistakes({.variables = {{"VX11_GATEWAY_TOKEN", "hidden\n"}}});
  REQUIRE(token.size() == 1);
  CHECK(token.front().starts_with("VX11_GATEWAY_TOKEN: has control characters"));
  CHECK(token.front().find("hidden") == std::string::npos);
}

TEST_CASE("a key given in place of its path is not shown") {
  const std::string pem = "'''-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----'''\n";
  const std::string target = "[targets.a]\ndialect = \"openai\"\nurl = \"https://o:1\"\n";
  for (const std::string member : {"certificate_key_file", "key_file", "ca_file"}) {
    CAPTURE(member);
    CHECK(mistakes_in_file(target + member + " = " + pem) ==
          Lines{"gateway.toml:4: targets.a." + member +
                ": is not a path but has control characters; write that of a file"});
  }
}

TEST_CASE("an element of a list that is empty or has the separator is refused") {
  const auto hosts = [](const std::string& list) {
    return mistakes_in_file("server.hosts = " + list + "\n");
  };
  const std::string key = "gateway.toml:1: server.hosts: element ";
  CHECK(hosts(R"(["", "a"])") == Lines{key + "1 is empty; delete it"});
  CHECK(hosts(R"(["a", ""])") == Lines{key + "2 is empty; delete it"});
  CHECK(hosts(R"([""])") == Lines{key + "1 is empty; delete it"});
  CHECK(hosts(R"(["a", "b,c"])") == Lines{key + "2 has a comma; write an element for each part"});
  CHECK(hosts(R"(["a", "b"])") == Lines{});
  CHECK(mistakes_in_file("[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
                         "headers = [\"X-A: hidden, b\", \"X-B: hidden\\nX-C: d\"]\n") ==
        Lines{"gateway.toml:4: targets.a.headers: element 2 has a line break; write an element for "
              "each part"});
}

TEST_CASE("secrets in files: missing, empty, broken, and given twice") {
  const ScratchFolder folder;
  const auto load = [&](const std::string& toml) {
    return mistakes_of(Sources{.file = folder.write("gateway.toml", toml)}.load(), folder);
  };
  folder.write("empty", "\n");
  folder.write("broken", "hid\tden\n");
  folder.write("good", "token\n");
  const auto path = [&](const char* name) { return '\'' + (folder / name) + '\''; };
  CHECK(
      load("auth.token_file = " + path("none")) ==
      Lines{"gateway.toml:1: auth.token_file: cannot be read: No such file or directory; write the "
            "path of a file"});
  CHECK(load("auth.token_file = " + path("empty")) ==
        Lines{"gateway.toml:1: auth.token_file: the first line of \"empty\" is empty"});
  const auto broken = load("auth.token_file = " + path("broken"));
  REQUIRE(broken.size() == 1);
  CHECK(broken.front().find("hid") == std::string::npos);
  CHECK(load("[auth]\ntoken = 'x'\ntoken_file = " + path("good")) ==
        Lines{"gateway.toml:3: auth.token_file: stands beside auth.token; give only one of them"});
}

TEST_CASE("jwt: every mistake of its description") {
  const auto found = mistakes_in_file("[auth]\nmode = \"jwt\"\n[auth.jwt]\nsecret = \"short\"\n");
  REQUIRE(found.size() == 1);
  CHECK(found.front().starts_with("auth.jwt: "));
  CHECK(found.front().find("short\"") == std::string::npos);
  CHECK(mistakes_in_file("[auth]\nmode = \"jwt\"\n[auth.jwt]\naudience = \"operators\"\n"
                         "secret = \"0123456789abcdef0123456789abcdef\"\n")
            .empty());
}

TEST_CASE(
    "a mistake about another setting hides none of authentication's, whatever its file is named") {
  const ScratchFolder folder;
  const std::string_view text =
      "[chat]\ndeadlin = \"1s\"\n[auth]\nmode = \"jwt\"\n[auth.jwt]\nsecret = \"short\"\n";
  const auto found = [&](const Sources& sources) { return mistakes_of(sources.load(), folder); };
  const Lines plain = found({.file = folder.write("gateway.toml", text)});
  const Lines named_auth = found({.file = folder.write("auth.toml", text)});
  REQUIRE(plain.size() == 2);
  REQUIRE(named_auth.size() == 2);
  CHECK(named_auth.back() == plain.back());
  CHECK(found({.variables = {{"VX11_UPSTREAM_TOKEN", "to\x01ken"}},
               .file = folder.write("jwt.toml", text)})
            .size() == 3);
}

TEST_CASE(
    "a mistake in a setting of authentication is not repeated as an authenticator that fails") {
  CHECK(mistakes_in_file("[auth]\nmode = \"jwt\"\n[auth.jwt]\nleeway = 5\n").size() == 1);
}

TEST_CASE("an origin is written as browsers send it") {
  for (const std::string origin :
       {"console.example", "https://console.example/", "https://console.example/ui", "null",
        "https://Console.example", "https://console.example:443", "http://c.example:80",
        "ftp://console.example", "https://*.example"}) {
    CAPTURE(origin);
    const Lines found = mistakes_in_file("server.cors_origins = [\"" + origin + "\"]\n");
    REQUIRE(found.size() == 1);
    CHECK(found.front().starts_with("gateway.toml:1: server.cors_origins: \"" + origin +
                                    "\" is not an origin"));
  }
  for (const std::string origin :
       {"*", "https://console.example", "http://127.0.0.1:5173", "https://c.example:80"}) {
    CAPTURE(origin);
    CHECK(mistakes_in_file("server.cors_origins = [\"" + origin + "\"]\n").empty());
  }
}

TEST_CASE("a host that no request could name is a mistake") {
  for (const std::string host : {"c.example:8000", "c.example:80", "https://c.example", "*.example",
                                 "c.example.", "::1", "[::1]:80", "[0:0::1]", "a b"}) {
    CAPTURE(host);
    const Lines found = mistakes_in_file("server.hosts = [\"" + host + "\"]\n");
    REQUIRE(found.size() == 1);
    CHECK(
        found.front().starts_with("gateway.toml:1: server.hosts: \"" + host + "\" is not a host"));
  }
  CHECK(mistakes_in_file("server.hosts = [\"*\", \"C.example\", \"10.0.0.1\", \"[2001:db8::1]\", "
                         "\"gateway\"]\n")
            .empty());
}

TEST_CASE("the schemes of URLs and the names of hosts are read in any case") {
  CHECK(mistakes({.variables = {{"VX11_SWITCH_URL", "HTTP://Switch.Example:8002/"}}}).empty());
}

TEST_CASE("the path of a socket fits into its address") {
  const std::string path = "/" + std::string(106, 'a');
  CHECK(mistakes({.arguments = {"--listen", "unix:" + path}}).empty());
  CHECK(mistakes({.arguments = {"--listen", "unix:" + path + "a"}}) ==
        Lines{"--listen: names a socket with a path of 108 bytes; the system allows 107"});
}

TEST_CASE("madre's health is requested at a path that reports, or not at all") {
  CHECK(mistakes_in_file("madre.health_path = \"/madre/power/apply\"\n").size() == 1);
  for (const std::string path : {"", "/health", "/livez", "/readyz", "/healthz"}) {
    CHECK(mistakes_in_file("madre.health_path = \"" + path + "\"\n").empty());
  }
}

TEST_CASE("rules of power windows that the bounds never allow are mistakes") {
  const Lines found = mistakes_in_file(R"(
[madre]
url = "http://madre:8001"
[switch]
url = "http://switch:8002"
[chat]
power_aware = true
[power]
open_on_demand = true
demand = { ttl = "10m" }
bounds = { min_ttl = "15m", services = ["hermes"] }
budget = { per_day = "10m" }
[power.schedules.office]
from = "08:00"
to = "18:00"
services = ["switch"]
)");
  std::string all;
  for (const auto& line : found) all += line + '\n';
  for (const char* part : {"power.demand.ttl: is not within power.bounds",
                           "power.demand.services: \"switch\" is not among power.bounds.services",
                           "power.schedules.office.services: \"switch\" is not among",
                           "power.budget.per_day: is below power.bounds.min_ttl"}) {
    CHECK_MESSAGE(all.find(part) != std::string::npos, all);
  }
}

TEST_CASE("sessions have a place or it is a mistake") {
  const auto nowhere = [](const std::string&) { return std::optional<std::string>(); };
  const auto loaded = load_config({}, std::nullopt, nowhere);
  REQUIRE(loaded.mistakes.size() == 1);
  CHECK(loaded.mistakes.front().where == "sessions.store");
}

TEST_CASE("the headers for a collector are read from a file, and never shown") {
  const ScratchFolder folder;
  const auto with = [&](const std::string& headers) {
    const std::string path = folder.write("headers", headers);
    return Sources{
        .file = folder.write("gateway.toml",
                             "[tracing]\nheaders = [\"a: 1\"]\nheaders_file = \"" + path + "\"\n")};
  };
  const LoadedConfig loaded = with("x-key: secret-1\nx-team: b\n").load();
  CHECK(loaded.mistakes.empty());
  REQUIRE(loaded.config.tracing.headers.fields.size() == 3);
  CHECK(loaded.config.tracing.headers.fields[1].second == "secret-1");
  const Lines found = mistakes_of(with("x-key secret-1\n").load(), folder);
  REQUIRE(found.size() == 1);
  CHECK(found.front().find("tracing.headers_file") != std::string::npos);
  CHECK(found.front().find("secret-1") == std::string::npos);
}

TEST_CASE("a collector is named by OpenTelemetry's variables, too, and the queue holds a batch") {
  const Sources sources{.variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/base"},
                                      {"OTEL_SERVICE_NAME", "mine"}}};
  const LoadedConfig loaded = sources.load();
  CHECK(loaded.config.tracing.endpoint.origin == "http://collector:4318");
  CHECK(loaded.config.tracing.endpoint.path == "/base");
  CHECK(loaded.config.tracing.service_name == "mine");
  CHECK(mistakes_in_file("[tracing]\nmax_queue = 3\nmax_batch = 4\n").size() == 1);
  CHECK(mistakes_in_file("[tracing]\nratio = 1.5\n").size() == 1);
}

TEST_CASE("a file that is larger than any of its kind, or has no end, is not read") {
  const ScratchFolder folder;
  const std::string huge = folder.write("huge", "x");
  std::filesystem::resize_file(huge, 17 * 1024 * 1024);  // sparse: takes no room
  const std::string too_large =
      " is larger than any such file needs to be (16 MiB); write the path of the file that is "
      "meant, or shorten it";
  for (const std::string& file : {huge, std::string("/dev/zero")}) {
    CAPTURE(file);
    const auto check = [&](const std::string& key, const std::string& before = "") {
      const std::string toml = before + key + " = '" + file + "'\n";
      const auto found = Sources{.file = folder.write("gateway.toml", toml)}.load().mistakes;
      const auto same = [&](const Mistake& each) {
        return each.what == '"' + file + '"' + too_large && each.kind == Mistake::Kind::machine;
      };
      CAPTURE(key);
      CHECK(std::any_of(found.begin(), found.end(), same));
    };
    check("auth.tokens");
    check("auth.token_file");
    check("auth.jwt.public_key_file", "auth.mode = 'jwt'\n");
    check("server.tls.certificate_file", "server.tls.key_file = '/none'\n");
    const std::string target = "targets.a.dialect = 'openai'\ntargets.a.url = 'https://o:1'\n";
    check("targets.a.key_file", target);
    check("targets.a.ca_file", target);
    const auto loaded = Sources{.arguments = {"--config", file}}.load();
    REQUIRE(loaded.mistakes.size() == 1);
    CHECK(loaded.mistakes.front().what ==
          "cannot be read: it is larger than 16 MiB; check the path given to --config");
  }
}
