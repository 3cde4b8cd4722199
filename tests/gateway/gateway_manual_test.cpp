// What --check-config prints, and that docs/configuration.md is what the program would write.
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/settings/config_print.hpp"
#include "gateway/settings/toml_file.hpp"

using namespace gateway;
using namespace gateway::testing;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("docs/configuration.md is what the program writes") {
  std::ifstream file(VX11_CONFIGURATION_PAGE, std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  CHECK_MESSAGE(page == print_manual(),
                "write it anew: vx11-gateway --print-settings-markdown > docs/configuration.md");
}

TEST_CASE("the example in the manual loads") {
  const std::string manual = print_manual();
  const auto from = manual.find("```toml\n") + 8;
  const auto example = manual.substr(from, manual.find("```\n", from) - from);
  CHECK(read_toml(example, "example").mistakes.empty());
  CHECK(read_toml(example, "example").values.size() >= 5);
}

TEST_CASE("what is in force is printed with where it comes from") {
  const auto printed = print_config(Sources{
      .arguments = {"--switch", "http://s:2"},
      .variables = {{"VX11_CHAT_DEADLINE",
                     "20s"}}}.load());
  CHECK(contains(printed, "# madre: embedded; switch: http://s:2; redis: not configured\n"));
  CHECK(contains(printed, "\n[switch]\nurl = \"http://s:2\"  # --switch\n"));
  CHECK(contains(printed, "\ndeadline = \"20s\"  # VX11_CHAT_DEADLINE\n"));
  CHECK(contains(printed, "\nlisten = \"127.0.0.1:8000\"  # default\n"));
  CHECK(contains(printed, "\n[madre]\n# url = \"\"  # default\n"));
}

TEST_CASE("secrets are masked in what is printed") {
  const ScratchFolder folder;
  const auto secret = folder.write("token", "hidden-token");
  const auto printed =
      print_config(Sources{.variables = {{"VX11_AUTH_TOKEN_FILE", secret},
                                         {"VX11_UPSTREAM_TOKEN", "hidden-too"},
                                         {"VX11_AUTH_JWT_SECRET", "hidden-as-well"},
                                         {"VX11_REDIS_URL", "redis://me:hidden@r:6379/0"}}}
                       .load());
  CHECK_FALSE(contains(printed, "hidden"));
  CHECK(contains(printed, "\n# token = \"***\"  # VX11_AUTH_TOKEN_FILE, auth.token_file\n"));
  CHECK(contains(printed, "\n# url = \"redis://***@r:6379/0\""));
}

TEST_CASE("what is printed can be loaded again and says the same") {
  const Sources sources{.variables = {{"VX11_SWITCH_URL", "http://s:2"},
                                      {"VX11_AUTH_JWT_ALGORITHMS", "HS256,HS512"},
                                      {"VX11_AUTH_JWT_ISSUER", "a \"quoted\" \\ name"},
                                      {"VX11_SESSIONS_STORE", "sqlite:/a b/c.db"}}};
  const auto first = sources.load();
  const ScratchFolder folder;
  const auto second = Sources{.file = folder.write("gateway.toml", print_config(first))}.load();
  REQUIRE(mistakes_of(second, folder).empty());
  CHECK(second.warnings == first.warnings);
  for (const Setting& setting : settings()) {
    CAPTURE(setting.key);
    CHECK(setting.field.print(first.config) == setting.field.print(second.config));
  }
}

TEST_CASE("help and version are texts, and the manual is a job") {
  const auto read = [](const char* argument) {
    const char* const argv[] = {"vx11-gateway", argument};
    return read_command_line(2, argv);
  };
  CHECK(read("--version").text.starts_with("vx11-gateway 0."));
  CHECK(read("--version").job == Job::print_text);
  CHECK(contains(read("--help").text, "--listen HOST:PORT"));
  CHECK_FALSE(contains(read("--help").text, "--print-settings-markdown"));
  CHECK(read("--check-config").job == Job::check_config);
  CHECK(read("--print-settings-markdown").job == Job::print_manual);
}
