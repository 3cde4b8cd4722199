// No message shows a secret, whatever setting it was written to by mistake.
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/settings/named_tables.hpp"
#include "gateway/values/shown_text.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

/// In every secret below.
constexpr std::string_view kHidden = "0123456789abcdef";
const std::string kKey = "sk-proj_" + std::string(kHidden) + "QWERTYuiop";
const std::string kTwice = std::string(kHidden) + std::string(kHidden);
const std::string kPem = "-----BEGIN PRIVATE KEY-----\n" + std::string(kHidden) + "==\n-----END";

/// The messages of a configuration that contain a secret.
std::vector<std::string> leaks(const Sources& sources) {
  const LoadedConfig loaded = sources.load();
  std::vector<std::string> found;
  const auto look = [&](const std::string& text) {
    if (text.find(kHidden) != std::string::npos) found.push_back(text);
  };
  for (const Mistake& mistake : loaded.mistakes) look(to_string(mistake));
  for (const std::string& warning : loaded.warnings) look(warning);
  return found;
}

std::vector<std::string> leaks_in_file(const std::string& text) {
  const ScratchFolder folder;
  return leaks({.file = folder.write("gateway.toml", text)});
}

/// The secret as the value of a setting, as text and in a list.
void check_values(const std::string& before, std::string_view name) {
  for (const std::string& secret : {kKey, kPem, std::string(kHidden) + "01234567", kTwice,
                                    "/etc/keys/" + std::string(kHidden) + ".key"}) {
    const std::string text = "'''" + secret + "'''";
    for (const std::string& value : {text, '[' + text + ']'}) {
      const std::string file = before + std::string(name) + " = " + value + '\n';
      CAPTURE(file);
      CHECK(leaks_in_file(file) == std::vector<std::string>{});
    }
  }
}

}  // namespace

TEST_CASE("a secret as the value of any setting, in a file and in the environment") {
  for (const Setting& setting : settings()) {
    check_values("auth.mode = \"jwt\"\n", setting.key == "auth.mode" ? "x" : setting.key);
    check_values("", setting.key);
    for (const std::string& name : setting.environment) {
      CAPTURE(name);
      CHECK(leaks({.variables = {{name, kKey}}}) == std::vector<std::string>{});
      CHECK(leaks({.variables = {{name, kPem}}}) == std::vector<std::string>{});
    }
  }
  for (const Setting& setting : retired_settings()) check_values("", setting.key);
}

TEST_CASE("a secret as the value of any setting of named tables and their lists") {
  for (const NamedTables& tables : named_tables()) {
    const std::string table = std::string(tables.root) + ".a";
    for (const TableMember& member : tables.members) {
      check_values('[' + table + "]\n", member.name);
    }
    for (const TableList& list : tables.lists) {
      const std::string header = "[[" + table + '.' + std::string(list.name) + "]]\n";
      for (const TableMember& member : list.members) check_values(header, member.name);
    }
  }
}

TEST_CASE("a secret as a key, as the name of a table, and as a flag") {
  const std::string path = "/etc/keys/" + std::string(kHidden);
  for (const std::string& secret : {kKey, path, kKey + ".pem"}) {
    const std::string key = '"' + secret + '"';
    for (const std::string& file :
         {key + " = 1\n", "chat." + key + " = 1\n", '[' + key + "]\n", "[targets." + key + "]\n",
          "targets.a." + key + " = 1\n", "targets.a.breaker." + key + " = 1\n",
          "targets." + key + " = 1\n", "auth.token." + key + " = 1\n",
          "[[routes.r.rules]]\n" + key + " = 1\n"}) {
      CAPTURE(file);
      CHECK(leaks_in_file(file) == std::vector<std::string>{});
    }
  }
  // As the name of a target it would be a valid one, and shown.
  for (const char* table : {"", "chat.", "targets.a.", "targets.a.breaker."}) {
    CHECK(leaks_in_file(table + kTwice + " = 1\n") == std::vector<std::string>{});
  }
  for (const std::string flag : {"-t", "--token=", "--tokn=", "--", ""}) {
    CHECK(leaks({.arguments = {flag + kKey}}) == std::vector<std::string>{});
  }
}

TEST_CASE("a secret without its quotes") {
  for (const std::string_view value :
       {"0123456789abcdef", "01234567890123456789", "t0123456789abcdef", "12345678901234567890123",
        "false0123456789abcdef", "0x0123456789abcdef0123456789abcdef", "sk-0123456789abcdef"}) {
    CAPTURE(value);
    CHECK(leaks_in_file("auth.token = " + std::string(value) + '\n').empty());
  }
  const ScratchFolder folder;
  const std::string digits = "12345678901234567890123";
  const auto file = folder.write("gateway.toml", "auth.token = " + digits + '\n');
  const LoadedConfig loaded = Sources{.file = file}.load();
  REQUIRE(loaded.mistakes.size() == 1);
  CHECK(to_string(loaded.mistakes.front()).find("is not TOML at column") != std::string::npos);
  CHECK(to_string(loaded.mistakes.front()).find(digits) == std::string::npos);
}

TEST_CASE("short values, names and URLs without user and query are shown") {
  CHECK(shown_value("15 s") == "\"15 s\"");
  CHECK(shown_value("http://u:p@host.example:80/path?k=v") ==
        "\"http://***@host.example:80/path?***\"");
  CHECK_FALSE(shown_value("0123456789abcdef").has_value());
  CHECK_FALSE(shown_value("a\nb").has_value());
  CHECK(shown_name("gpt-4o_mini.v2") == "\"gpt-4o_mini.v2\"");
  CHECK(shown_name("/etc/key") == "\"***\"");
  CHECK(shown_key("zzzzzzzz") == "zzzzzzzz");
  CHECK(shown_parser_text("cannot redefine existing string 'targets.a.certificate_file'") ==
        "cannot redefine existing string 'targets.a.certificate_file'");
  CHECK(shown_parser_text("'12345678901234567890' is not representable, saw 'x'") ==
        "'***' is not representable, saw 'x'");
}

TEST_CASE("a file that is there is named, and one that is not is none") {
  const ScratchFolder folder;
  const auto mistakes = [&](const std::string& path) {
    return mistakes_of(
        Sources{.file = folder.write("g.toml", "auth.token_file = '" + path + "'\n")}.load(),
        folder);
  };
  CHECK(
      mistakes(folder / ".") ==
      std::vector<std::string>{"g.toml:1: auth.token_file: \".\" cannot be read: Is a directory"});
  CHECK(mistakes("/nowhere/key") ==
        std::vector<std::string>{"g.toml:1: auth.token_file: cannot be read: No such file or "
                                 "directory; write the path of a file"});
}
