// The program's settings, the console's files, and logins in the database.

#include <vx11/http_handler.hpp>
#include <vx11/task.hpp>

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "gateway/command_line.hpp"
#include "gateway/settings/config_print.hpp"
#include "gateway/settings/toml_file.hpp"
#include "gateway/settings/unknown_variables.hpp"
#include "operator/console.hpp"
#include "operator/logins/sqlite_login_store.hpp"
#include "operator/operator_program.hpp"
#include "scratch_folder.hpp"

namespace {

using backend::operator_program;
using gateway::LoadedConfig;
using vx11::Headers;
using vx11::HttpRequest;
using vx11::HttpResponse;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

LoadedConfig load(std::vector<const char*> arguments,
                  std::map<std::string, std::string> variables = {},
                  const std::optional<std::string>& file = std::nullopt) {
  variables.emplace("HOME", "/home/anna");
  arguments.insert(arguments.begin(), "vx11-operator");
  auto line = gateway::read_command_line(static_cast<int>(arguments.size()), arguments.data(),
                                         operator_program());
  std::vector<std::string> names;
  for (const auto& [name, value] : variables) {
    if (name.starts_with("VX11_")) names.push_back(name);
  }
  const auto environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return gateway::load_config(std::move(line.flags), file, environment, names, operator_program());
}

std::string mistakes_of(const LoadedConfig& loaded) {
  std::string all;
  for (const auto& mistake : loaded.mistakes) all += to_string(mistake) + "\n";
  return all;
}

constexpr EmbeddedFile kPage{"<html>", "packed", "d1"};
constexpr EmbeddedFile kScript{"script()", {}, "d2"};
constexpr std::array<backend::ConsoleFile, 2> kFiles{
    {{"index.html", &kPage}, {"assets/app-1a2b.js", &kScript}}};

HttpResponse get(const vx11::HttpHandler& handler, const std::string& target,
                 const Headers& fields = {}, const std::string& method = "GET") {
  HttpRequest request(method, {}, target);
  request.headers = fields;
  auto admission = handler.admit(request);
  if (!admission) return admission.error();
  auto opening = handler.open(request, *admission, {});
  return vx11::sync_wait(std::move(opening)).head;
}

}  // namespace

TEST_CASE("docs/operator-configuration.md is what the program writes") {
  std::ifstream file(VX11_OPERATOR_CONFIGURATION_PAGE, std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  CHECK_MESSAGE(page == gateway::print_manual(operator_program()),
                "write it anew: vx11-operator --print-settings-markdown > "
                "docs/operator-configuration.md");
}

TEST_CASE("it starts without configuration, on loopback beside a gateway") {
  const LoadedConfig loaded = load({});
  CHECK(mistakes_of(loaded).empty());
  CHECK(to_string(loaded.config.server.listen) == "127.0.0.1:8011");
  CHECK(loaded.config.backend.gateway.url.value == "http://127.0.0.1:8000");
  CHECK(loaded.config.backend.database.value == "/home/anna/.local/state/vx11/operator.db");
  CHECK(loaded.warnings.size() == 1);  // nothing is watched
}

TEST_CASE("flags, variables and file are as the gateway's, with variables of its own") {
  const ScratchFolder folder;
  const std::string file = folder.write("operator.toml", "[login]\nlifetime = \"1h\"\n");
  const LoadedConfig loaded = load({"--gateway", "https://g:1", "--read-only"},
                                   {{"VX11_TENTACULO_LINK_TOKEN", "hidden-token"},
                                    {"VX11_OPERATOR_SERVER_LISTEN", "[::1]:0"},
                                    {"VX11_SERVER_LISTEN", "0.0.0.0:1"},
                                    {"VX11_SWITCH_URL", "http://s:2"}},
                                   file);
  CHECK(mistakes_of(loaded).empty());
  CHECK(loaded.warnings.empty());  // the gateway's variables are none of its business
  CHECK(to_string(loaded.config.server.listen) == "[::1]:0");
  CHECK(loaded.config.backend.read_only);
  CHECK(loaded.config.backend.login_lifetime == std::chrono::hours(1));
  const std::string printed = gateway::print_config(loaded, operator_program());
  CHECK(contains(printed, "url = \"https://g:1\"  # --gateway\n"));
  CHECK(contains(printed, "lifetime = \"1h\"  # "));
  CHECK(!contains(printed, "hidden"));
}

TEST_CASE("one principal leaves half of the room, unless it is configured otherwise") {
  const auto& standard = load({}).config.backend;
  CHECK(standard.sockets_per_principal == standard.most_sockets / 2);
  CHECK(standard.streams_per_principal == standard.most_streams / 2);
  const auto fewer = load({}, {{"VX11_OPERATOR_WEBSOCKETS_MAX", "1"},
                               {"VX11_OPERATOR_EVENTS_MAX_STREAMS", "10"},
                               {"VX11_OPERATOR_EVENTS_STREAMS_PER_PRINCIPAL", "9"}})
                         .config.backend;
  CHECK(fewer.sockets_per_principal == 1);
  CHECK(fewer.streams_per_principal == 9);
}

TEST_CASE("what needs a restart is named, and stays as it is") {
  const LoadedConfig running = load({"--listen", "127.0.0.1:1", "--database", "/a.db"});
  LoadedConfig next = load({"--listen", "127.0.0.1:2", "--database", "/b.db", "--read-only"},
                           {{"VX11_OPERATOR_SERVER_ORIGINS", "https://console.example"},
                            {"VX11_OPERATOR_SERVER_DRAIN_DELAY", "7s"},
                            {"VX11_OPERATOR_LOG_FORMAT", "json"}});
  REQUIRE(mistakes_of(next).empty());
  CHECK(backend::keep_fixed(running.config, next.config) ==
        std::vector<std::string>{"server.listen", "database.file", "log.format"});
  CHECK(next.config.server.listen.port == 1);
  CHECK(next.config.backend.database.value == "/a.db");
  CHECK(next.config.backend.read_only);
  CHECK(next.config.backend.origins.size() == 1);
  CHECK(next.config.server.drain_delay == std::chrono::seconds(7));
}

TEST_CASE("mistakes are named, and secrets are not") {
  CHECK(contains(mistakes_of(load({"--gateway", "gateway"})),
                 "\"gateway\" is not the base URL of a vx11-gateway; write \"http://host:port\" "
                 "without user, path or query, such as \"http://127.0.0.1:8000\""));
  const ScratchFolder folder;
  const std::string file =
      folder.write("operator.toml", "[login]\nlifetim = \"1h\"\n[chat]\ndeadline = \"1s\"\n");
  const std::string all = mistakes_of(load(
      {"--token", "hidden", "--listen", "0.0.0.0:1"},
      {{"VX11_OPERATOR_LOGIN_LIFETIME", "13h"}, {"VX11_OPERATOR_SERVER_ORIGINS", "a/b"}}, file));
  CHECK(contains(all, "login.lifetim: no such setting, did you mean \"login.lifetime\"?"));
  CHECK(contains(all, "chat: no such table"));
  CHECK(contains(all, "VX11_OPERATOR_LOGIN_LIFETIME: "));
  CHECK(contains(all, "VX11_OPERATOR_SERVER_ORIGINS: "));
  CHECK(contains(all, "--token: there is no flag for a secret"));
  CHECK(contains(all, "--listen: other machines can connect"));
  CHECK(!contains(all, "hidden"));
  CHECK(contains(load({}, {{"VX11_OPERATOR_LOGN", "1"}}).warnings.front(), "VX11_OPERATOR_LOGN"));
}

TEST_CASE("the page is found at every path of the console, its files at theirs") {
  const auto console = backend::make_console(kFiles);
  for (const char* target : {"/operator/ui/", "/operator/ui/power", "/operator/ui/chat/s1?x=a.b"}) {
    const HttpResponse answer = get(*console, target);
    CHECK(answer.status == 200);
    CHECK(answer.body == "<html>");
    CHECK(answer.headers.get("Content-Type") == "text/html; charset=utf-8");
    CHECK(answer.headers.get("Cache-Control") == "no-cache");
    CHECK(answer.headers.get("X-Frame-Options") == "DENY");
    CHECK(answer.headers.get("X-Content-Type-Options") == "nosniff");
    CHECK(!contains(std::string(answer.headers.get("Content-Security-Policy")), "unsafe-inline"));
  }
  const HttpResponse script = get(*console, "/operator/ui/assets/app-1a2b.js");
  CHECK(script.body == "script()");
  CHECK(script.headers.get("Cache-Control") == "public, max-age=31536000, immutable");
  for (const char* target : {"/operator/ui/assets/app-old.js", "/operator/ui/../x.html"}) {
    CHECK(get(*console, target).status == 404);
  }
  for (const char* target : {"/", "/operator", "/operator/ui"}) {
    CHECK(get(*console, target).status == 302);
    CHECK(get(*console, target).headers.get("Location") == "/operator/ui/");
  }
  CHECK(get(*console, "/operator/uix").status == 404);
  CHECK(get(*console, "/operator/ui/", {}, "POST").status == 405);
}

TEST_CASE("files of the console are sent compressed, and once") {
  const auto console = backend::make_console(kFiles);
  const Headers gzip = {{"Accept-Encoding", "br, gzip;q=0.5"}};
  const HttpResponse packed = get(*console, "/operator/ui/", gzip);
  CHECK(packed.body == "packed");
  CHECK(packed.headers.get("Content-Encoding") == "gzip");
  CHECK(packed.headers.get("Vary") == "Accept-Encoding");
  CHECK(get(*console, "/operator/ui/", {{"Accept-Encoding", "gzip;q=0"}}).body == "<html>");
  CHECK(get(*console, "/operator/ui/assets/app-1a2b.js", gzip).body == "script()");
  Headers known = gzip;
  known.add("If-None-Match", "\"x\", W/" + std::string(packed.headers.get("ETag")));
  CHECK(get(*console, "/operator/ui/", known).status == 304);
  CHECK(get(*console, "/operator/ui/", known).body.empty());
  CHECK(get(*console, "/operator/ui/", {{"If-None-Match", "\"d1-gzip\""}}).status == 200);
}

TEST_CASE("without files the console says how to build it; a folder can take their place") {
  const auto none = backend::make_console(std::span<const backend::ConsoleFile>());
  CHECK(get(*none, "/operator/ui/").status == 404);
  CHECK(contains(get(*none, "/operator/ui/").body, "npm ci"));
  const ScratchFolder folder;
  CHECK(!backend::make_console(folder.path().string()));
  folder.write("index.html", "<mine>");
  CHECK(get(**backend::make_console(folder.path().string()), "/operator/ui/").body == "<mine>");
  CHECK(!backend::make_console(folder.path().string() + "/none"));
}

TEST_CASE("logins outlive the program, in the database") {
  const ScratchFolder folder;
  const std::string path = folder.path().string() + "/operator.db";
  const auto wait = [](auto task) { return vx11::sync_wait(std::move(task)).value(); };
  const auto row = [](const std::string& digest, int at) {
    backend::LoginRow login;
    login.digest = digest;
    login.principal = "anna";
    login.sealed_token = std::string("\0\xff'", 3);
    login.address = "::1";
    login.created = vx11::WallTime(std::chrono::milliseconds(at));
    login.expires = vx11::WallTime(std::chrono::milliseconds(at + 100));
    return login;
  };
  {
    const auto store =
        backend::make_sqlite_login_store(backend::Database::open({.path = path}).value());
    CHECK(wait(store->add(row("a", 1), 2)).empty());
    CHECK(wait(store->add(row("b", 2), 2)).empty());
    CHECK(wait(store->add(row("c", 2), 2)) == std::vector<std::string>{"a"});
  }
  const auto store =
      backend::make_sqlite_login_store(backend::Database::open({.path = path}).value());
  const auto found = wait(store->find("c"));
  REQUIRE(found.has_value());
  CHECK(found->sealed_token == std::string("\0\xff'", 3));
  CHECK(found->expires == vx11::WallTime(std::chrono::milliseconds(102)));
  CHECK(!wait(store->find("a")).has_value());
  CHECK(wait(store->expire(vx11::WallTime(std::chrono::milliseconds(101)))).empty());
  CHECK(wait(store->remove("b")));
  CHECK(!wait(store->remove("b")));
  CHECK(wait(store->remove_all("ben")).empty());
  CHECK(wait(store->remove_all("anna")) == std::vector<std::string>{"c"});
}
