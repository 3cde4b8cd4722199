// [targets.NAME] and [routes.NAME]: what they make, and every mistake in them.
#include <vx11/transport/in_process.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/checks/config_targets.hpp"
#include "gateway/routes.hpp"
#include "gateway/settings/config_print.hpp"
#include "gateway/upstreams.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

using Lines = std::vector<std::string>;

Lines mistakes_in_file(std::string_view text) {
  const ScratchFolder folder;
  return mistakes_of(Sources{.file = folder.write("gateway.toml", text)}.load(), folder);
}

LoadedConfig loaded(std::string_view text) {
  const ScratchFolder folder;
  folder.write("key", "sk-hidden\n");
  std::string whole(text);
  for (auto at = whole.find("KEY"); at != std::string::npos; at = whole.find("KEY")) {
    whole.replace(at, 3, folder / "key");
  }
  LoadedConfig config = Sources{.file = folder.write("gateway.toml", whole)}.load();
  REQUIRE(mistakes_of(config, folder) == Lines{});
  return config;
}

Upstreams upstreams_of(std::string_view text) {
  return make_upstreams(
      loaded(text).config,
      std::make_shared<vx11::InProcessTransport>(
          [](const vx11::HttpRequest&, const vx11::Deadline&) { return vx11::HttpResponse(200); }));
}

constexpr std::string_view kTwo =
    "[targets.local]\n"
    "dialect = \"openai\"\n"
    "url = \"http://127.0.0.1:8080\"\n"
    "limit = \"20s\"\n"
    "[targets.local.breaker]\n"
    "failures_to_open = 5\n"
    "[targets.cloud]\n"
    "dialect = \"anthropic\"\n"
    "url = \"https://api.example/v1/\"\n"
    "model = \"large\"\n"
    "key_file = 'KEY'\n"
    "headers = [\"X-Org: a, b\", \"X-Team: blue\"]\n"
    "[routes.main]\n"
    "targets = [\"local\", \"cloud\", \"madre\"]\n"
    "[chat]\n"
    "route = \"main\"\n";

}  // namespace

TEST_CASE("named targets and a route over them") {
  const LoadedConfig config = loaded(kTwo);
  const TargetConfig& local = config.config.targets.at("local");
  CHECK(local.dialect == DialectKind::openai);
  CHECK(local.url.origin == "http://127.0.0.1:8080");
  CHECK(local.url.path.empty());
  CHECK(local.limit == 20s);
  CHECK(local.breaker.failures_to_open == 5);
  const TargetConfig& cloud = config.config.targets.at("cloud");
  CHECK(cloud.url.origin == "https://api.example");
  CHECK(cloud.url.path == "/v1");
  CHECK(cloud.key.value == "sk-hidden");
  CHECK(cloud.headers.fields.front().second == "a, b");
  CHECK(route_of(config.config, config.config.chat.route).targets ==
        Lines{"local", "cloud", "madre"});
  CHECK(route_of(config.config, "").targets == Lines{"madre"});
}

TEST_CASE("each API gets its key in its own header, and VX11's token only goes to VX11") {
  const Upstreams upstreams = upstreams_of(kTwo);
  const Upstream* const local = upstreams.find("local");
  REQUIRE(local != nullptr);
  CHECK(local->headers.size() == 0);
  const Upstream* const cloud = upstreams.find("cloud");
  REQUIRE(cloud != nullptr);
  CHECK(cloud->headers.get("x-api-key") == "sk-hidden");
  CHECK(cloud->headers.get("x-org") == "a, b");
  CHECK(cloud->port == 443);
  CHECK_FALSE(cloud->headers.contains("x-vx11-token"));
  const Upstreams own = upstreams_of(
      "[targets.a]\ndialect = \"switch\"\nurl = \"http://s:1\"\n"
      "[targets.b]\ndialect = \"openai\"\nurl = \"http://s:2/v1\"\nkey_file = 'KEY'\n");
  CHECK(own.find("a")->headers.get("x-vx11-token") == "vx11-local-token");
  CHECK(own.find("b")->headers.get("authorization") == "Bearer sk-hidden");
  CHECK(own.find("c") == nullptr);
}

TEST_CASE("a configured header replaces the key's of the same name") {
  const Upstreams upstreams = upstreams_of(
      "[targets.a]\ndialect = \"openai\"\nurl = \"http://s:2/v1\"\nkey_file = 'KEY'\n"
      "headers = [\"authorization: Basic eDp5\"]\n");
  const vx11::Headers& headers = upstreams.find("a")->headers;
  CHECK(headers.size() == 1);
  CHECK(headers.get("Authorization") == "Basic eDp5");
}

TEST_CASE("named targets have breakers that status and metrics name") {
  Lines names;
  for (const auto& breaker : breakers_of(upstreams_of(kTwo))) names.push_back(breaker.name);
  CHECK(names == Lines{"madre", "madre_power", "cloud", "local"});
}

TEST_CASE("a query of a URL is sent with every request, and a key in the header that is named") {
  const Upstreams upstreams = upstreams_of(
      "[targets.a]\ndialect = \"openai\"\nkey_file = 'KEY'\nkey_header = \"api-key\"\n"
      "url = \"http://h:1/openai/deployments/d/?api-version=2024-10-21&x\"\n"
      "[targets.b]\ndialect = \"openai\"\nurl = \"http://h:1?a=b\"\n"
      "[targets.c]\ndialect = \"ollama\"\nmodel = \"m\"\nurl = \"http://h:1/?a=b\"\n"
      "[targets.d]\ndialect = \"anthropic\"\nmodel = \"m\"\nurl = \"http://h:1?a=b\"\n"
      "key_file = 'KEY'\nkey_header = \"authorization\"\n");
  const auto target_of = [&](const char* name) {
    return upstreams.find(name)
        ->dialect->ask(vx11::ChatRequest("hello", "s"), vx11::AnswerForm::whole)
        .value()
        .target;
  };
  CHECK(target_of("a") == "/openai/deployments/d/chat/completions?api-version=2024-10-21&x");
  CHECK(target_of("b") == "/v1/chat/completions?a=b");
  CHECK(target_of("c") == "/api/chat?a=b");
  CHECK(target_of("d") == "/v1/messages?a=b");
  CHECK(upstreams.find("a")->origin == "http://h:1");
  CHECK(upstreams.find("a")->headers.get("api-key") == "sk-hidden");
  CHECK(upstreams.find("a")->headers.size() == 1);
  CHECK(upstreams.find("d")->headers.get("authorization") == "Bearer sk-hidden");
  vx11::ChatRequest words;
  words.completion_json = R"({"input":"x"})";
  CHECK(upstreams.find("a")->embeddings->ask(words, vx11::AnswerForm::whole).value().target ==
        "/openai/deployments/d/embeddings?api-version=2024-10-21&x");
}

TEST_CASE("the header of a key that is no header or has no key, and printed queries") {
  const std::string target = "[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1?key=sk&v=2\"\n";
  CHECK(mistakes_in_file(target + "key_header = \"api key\"\n") ==
        Lines{"gateway.toml:4: targets.a.key_header: is not the name of a header; write one such "
              "as \"api-key\""});
  const LoadedConfig config = loaded(target + "key_header = \"api-key\"\n");
  const auto& warnings = config.warnings;
  CHECK(std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
    return warning.ends_with(
        "targets.a.key_header: has no effect without key_file; write that, or "
        "delete it");
  }));
  const std::string printed = print_config(config);
  CHECK(printed.find("http://o:1?key=***&v=***") != std::string::npos);
  CHECK(describe_upstreams(config.config).find("sk") == std::string::npos);
}

TEST_CASE("a route is a router over its targets in their order") {
  const LoadedConfig config = loaded(kTwo);
  const Upstreams upstreams = upstreams_of(kTwo);
  const auto router =
      make_router(config.config, upstreams, RouteConfig{.targets = {"cloud", "local"}});
  REQUIRE(router.has_value());
  CHECK(router->targets() == Lines{"cloud", "local"});
  const auto routers = named_routers(config.config, upstreams, *router);
  REQUIRE(routers.has_value());
  Lines models;
  for (const NamedRouter& each : *routers) models.push_back(each.name);
  CHECK(models == Lines{"cloud", "local", "madre", "main"});
  CHECK(routers->back().router.targets() == router->targets());  // main is chat.route
}

TEST_CASE("the printed configuration has the tables, without secrets, and loads again") {
  const std::string printed = print_config(loaded(kTwo));
  CHECK(printed.find("\n[targets.cloud]\n") != std::string::npos);
  CHECK(printed.find("\n[routes.main]\n") != std::string::npos);
  CHECK(printed.find("breaker.failures_to_open = 5") != std::string::npos);
  CHECK(printed.find("sk-hidden") == std::string::npos);
  CHECK(printed.find("a, b") == std::string::npos);
  const std::string manual = print_manual();
  CHECK(manual.find("## [targets.NAME]") != std::string::npos);
  CHECK(manual.find("## [routes.NAME]") != std::string::npos);
}

TEST_CASE("a target without URL, dialect or the model that its API requires") {
  CHECK(mistakes_in_file("[targets.a]\n") ==
        Lines{"gateway.toml:1: targets.a: has no url; write url = \"http://host:port\"",
              "gateway.toml:1: targets.a: has no dialect; write dialect = \"openai\", \"ollama\", "
              "\"anthropic\", \"switch\" or \"madre\""});
  CHECK(mistakes_in_file("[targets.a]\ndialect = \"ollama\"\nurl = \"http://o:11434\"\n") ==
        Lines{"gateway.toml:1: targets.a: has no model, which \"ollama\" requires; write model = "
              "\"NAME\""});
}

TEST_CASE("unknown and mistaken settings of targets, with line and suggestion") {
  CHECK(mistakes_in_file("[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
                         "modl = \"x\"\nbreaker.open_fr = \"1s\"\nlimit = 5\nbreaker = 1\n")
            .front()
            .starts_with("gateway.toml:7: is not TOML"));
  CHECK(
      mistakes_in_file("[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
                       "modl = \"x\"\nbreaker.open_fr = \"1s\"\nlimit = 5\n") ==
      Lines{"gateway.toml:4: targets.a.modl: no such setting, did you mean \"targets.a.model\"?",
            "gateway.toml:5: targets.a.breaker.open_fr: no such setting, did you mean "
            "\"targets.a.breaker.open_for\"?",
            "gateway.toml:6: targets.a.limit: is an integer, not a duration; write a whole number "
            "with its unit, such as \"15s\", \"250ms\", \"2m\" or \"1h\""});
  CHECK(mistakes_in_file("[targets.a]\ndialect = \"opneai\"\nurl = \"o:1\"\n"
                         "headers = [\"no colon\"]\nextra_json = \"[]\"\n") ==
        Lines{"gateway.toml:2: targets.a.dialect: \"opneai\" is not the API of a target; write "
              "\"openai\", \"ollama\", \"anthropic\", \"switch\" or \"madre\"",
              "gateway.toml:4: targets.a.headers: element 1 is not a header; write "
              "[\"Name: value\", \"Other: value\"]",
              "gateway.toml:3: targets.a.url: \"o:1\" is not the URL of a target; write "
              "\"http://host:port/path\" without user and fragment, such as "
              "\"http://127.0.0.1:8080/v1\""});
  CHECK(
      mistakes_in_file("[targets]\na = 1\n[routes.\"a b\"]\n[targets.switch]\n") ==
      Lines{"gateway.toml:2: targets.a: is an integer; it is a table of settings, write "
            "[targets.a] and one a line below it",
            "gateway.toml:3: routes.a b: is not a name; take up to 32 small letters, digits, _ and "
            "-",
            "gateway.toml:4: targets.switch: is the name of a part of the gateway; take another "
            "one"});
  CHECK(mistakes_in_file("targets = 1\n").size() == 1);
}

TEST_CASE("a URL with a user is refused without printing it, nor its query") {
  CHECK(mistakes_in_file("[targets.a]\ndialect = \"openai\"\n"
                         "url = \"https://u:pw@o/v1?api-key=sk-hidden\"\n") ==
        Lines{"gateway.toml:3: targets.a.url: \"https://***@o/v1?***\" is not the URL of a target; "
              "write \"http://host:port/path\" without user and fragment, such as "
              "\"http://127.0.0.1:8080/v1\""});
}

TEST_CASE("extra members that are no object, and a path in the URL of switch") {
  CHECK(mistakes_in_file("[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
                         "extra_json = \"[]\"\n") ==
        Lines{"gateway.toml:4: targets.a.extra_json: extra_json: not an object"});
  CHECK(
      mistakes_in_file("[targets.a]\ndialect = \"switch\"\nurl = \"http://o:1/v1\"\n") ==
      Lines{
          "gateway.toml:3: targets.a.url: has a path or a query; the URLs of switch and madre have "
          "none, leave it out"});
  CHECK(mistakes_in_file("[targets.a]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
                         "key_file = \"/nowhere/key\"\n")
            .front()
            .starts_with("gateway.toml:4: targets.a.key_file: cannot be read: "));
}

TEST_CASE("routes of targets that do not exist, or are listed twice") {
  constexpr std::string_view kLocal =
      "[targets.local]\ndialect = \"openai\"\nurl = \"http://o:1\"\n";
  const auto with = [&](const std::string& rest) {
    return mistakes_in_file(std::string(kLocal) + rest);
  };
  CHECK(
      with("[routes.r]\ntargets = [\"locla\"]\n") ==
      Lines{"gateway.toml:5: routes.r.targets: \"locla\" is no target and no group; write a table "
            "[targets.NAME], did you mean \"local\"?"});
  CHECK(with("[routes.r]\ntargets = [\"local\", \"switch\", \"local\"]\n") ==
        Lines{"gateway.toml:5: routes.r.targets: \"switch\" is no target; set switch.url",
              "gateway.toml:5: routes.r.targets: \"local\" is listed twice"});
  CHECK(with("[routes.local]\ntargets = [\"local\"]\n") ==
        Lines{"gateway.toml:4: routes.local: is the name of a target, too; take another one"});
  CHECK(with("[routes.r]\n") ==
        Lines{"gateway.toml:4: routes.r: has no targets; write targets = [\"NAME\"]"});
  CHECK(with("[routes.main]\ntargets = [\"local\"]\n[chat]\nroute = \"mains\"\n") ==
        Lines{"gateway.toml:7: chat.route: \"mains\" is no route; write a table [routes.NAME], did "
              "you mean \"main\"?"});
}

TEST_CASE("aliases of no model, of the name of a model, and duplicates") {
  constexpr std::string_view kTarget =
      "[targets.local]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
      "[routes.main]\ntargets = [\"local\"]\n[chat]\nroute = \"main\"\n[completions]\n";
  const auto with = [&](const std::string& aliases) {
    return mistakes_in_file(std::string(kTarget) + "aliases = " + aliases + "\n");
  };
  CHECK(with(R"(["a=vx11", "b=vx11/local", "c=vx11/main", "d=vx11/madre", "e=a"])") == Lines{});
  CHECK(with(R"(["a=gpt", "b", "=vx11"])") ==
        Lines{"gateway.toml:9: completions.aliases: \"a=gpt\" names no model; there are vx11, and "
              "vx11/NAME for each target, group and route",
              "gateway.toml:9: completions.aliases: \"b\" is not NAME=MODEL, such as "
              "\"gpt-4o=vx11\"",
              "gateway.toml:9: completions.aliases: \"=vx11\" is not NAME=MODEL, such as "
              "\"gpt-4o=vx11\""});
  CHECK(with(R"(["vx11=vx11/local", "a=vx11", "a=vx11/local"])") ==
        Lines{"gateway.toml:9: completions.aliases: \"vx11=vx11/local\" replaces a model or alias "
              "of that name; take another name",
              "gateway.toml:9: completions.aliases: \"a=vx11/local\" replaces a model or alias of "
              "that name; take another name"});
}

TEST_CASE("settings without effect and limits that leave nothing of the deadline are warnings") {
  const LoadedConfig config = loaded(
      "[targets.a]\ndialect = \"switch\"\nurl = \"http://o:1\"\nmodel = \"m\"\n"
      "history_tokens = 5\n"
      "[targets.b]\ndialect = \"openai\"\nurl = \"http://o:2\"\nmax_tokens = 5\nlimit = \"40s\"\n"
      "[targets.c]\ndialect = \"anthropic\"\nurl = \"http://o:3\"\nmodel = \"m\"\nmax_tokens = 5\n"
      "limit = \"40s\"\n"
      "[routes.r]\ntargets = [\"a\", \"b\", \"c\"]\n[chat]\nroute = \"r\"\n");
  Lines found;
  for (const std::string& warning : config.warnings) {
    if (const auto at = warning.find("targets."); at != std::string::npos) {
      found.push_back(warning.substr(at));
    }
  }
  std::sort(found.begin(), found.end());
  CHECK(
      found ==
      Lines{"targets.a.history_tokens: has no effect with dialect = \"switch\"; delete it",
            "targets.a.model: has no effect with dialect = \"switch\"; delete it",
            "targets.b.limit: leaves nothing of chat.deadline: if b hangs, the next target of its "
            "route is never asked",
            "targets.b.max_tokens: has no effect with dialect = \"openai\"; delete it"});
}

TEST_CASE("files for https have no effect with http") {
  const auto warnings = [](const std::string& url) {
    const ScratchFolder folder;
    const std::string text =
        "[targets.a]\ndialect = \"openai\"\nurl = \"" + url + "\"\nca_file = \"/nowhere\"\n";
    Lines found;
    for (const auto& warning : Sources{.file = folder.write("g.toml", text)}.load().warnings) {
      const auto at = warning.find("targets.a.ca_file");
      if (at != std::string::npos) found.push_back(warning.substr(at));
    }
    return found;
  };
  CHECK(warnings("http://o:1") == Lines{"targets.a.ca_file: has no effect with http; write https "
                                        "in url, or delete it"});
  CHECK(warnings("https://o:1") == Lines{});
}

TEST_CASE("a target that no route has, and a route that chats do not take, are warnings") {
  const LoadedConfig config = loaded(
      "[targets.local]\ndialect = \"openai\"\nurl = \"http://o:1\"\n"
      "[routes.r]\ntargets = [\"madre\"]\n");
  const auto& warnings = config.warnings;
  const auto warns = [&](std::string_view of) {
    return std::any_of(warnings.begin(), warnings.end(), [=](const std::string& warning) {
      return warning.find(of) != std::string::npos;
    });
  };
  CHECK(warns("only clients that ask for the model vx11/local reach it"));
  CHECK(warns("chat.route is not set"));
}
