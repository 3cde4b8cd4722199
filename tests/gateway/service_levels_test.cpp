// [slo.NAME] and [service_levels]: what is configured, and the file that keeps histories.
#include "gateway/telemetry/service_levels.hpp"

#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "config_sources.hpp"
#include "gateway/checks/config_slo.hpp"

using namespace gateway;
using namespace gateway::testing;
using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

namespace {

LoadedConfig load(const std::string& text) {
  const ScratchFolder folder;
  return Sources{.file = folder.write("gateway.toml", text)}.load();
}
Lines mistakes_in(const std::string& text) {
  const ScratchFolder folder;
  return mistakes_of(Sources{.file = folder.write("gateway.toml", text)}.load(), folder);
}
Objectives objectives_of(const LoadedConfig& loaded) {
  REQUIRE(loaded.mistakes.empty());
  return make_objectives(loaded.config, {"switch"}, nullptr).value();
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void count(const Objectives& objectives, int status = 200) {
  vx11::RequestRecord record;
  record.method = "POST";
  record.route = "/operator/chat";
  record.status = status;
  objectives->count(record);
}

/// A file of histories, and objectives whose history it keeps.
struct Kept {
  const ScratchFolder folder;
  const std::string path = folder / "service_levels.json";

  Objectives made(const std::string& toml = "") const { return objectives_of(load(toml)); }
  static std::uint64_t events(const Objectives& objectives) {
    return objectives->entries().front().level->events(1h).total;
  }
  /// The mistake of loading a file with that text, which must stay what it is.
  std::string refused(const std::string& text) const {
    folder.write("service_levels.json", text);
    HistoryFile file(path);
    const auto saved = file.save(*made());
    REQUIRE_FALSE(saved);
    CHECK(text_of(path) == text);
    std::string what = saved.error().detail;
    return what.substr(what.find("json\"") + 6);
  }
};

}  // namespace

TEST_CASE("without tables there are defaults, of first choices only where there is a second") {
  const auto names = [](const std::string& toml) {
    Lines names;
    const auto all = objectives_of(load(toml));
    for (const auto& entry : all->entries()) {
      names.push_back(entry.objective.name);
    }
    return names;
  };
  CHECK(names("") == Lines{"availability"});
  CHECK(names("[switch]\nurl = \"http://s:1\"\n") == Lines{"availability", "first_choice"});
  CHECK(names("[service_levels]\ndefaults = false\n").empty());
  CHECK(names("[slo.mine]\nkind = \"availability\"\n") == Lines{"mine"});
}

TEST_CASE("an objective is what its table says") {
  const auto all = objectives_of(load(
      "[slo.fast]\nkind = \"latency\"\nthreshold = \"2s\"\nobjective = 0.95\n"
      "routes = [\"/operator/*\"]\nperiod = \"168h\"\n[slo.first]\nkind = \"first_choice\"\n"));
  const vx11::ServiceObjective& fast = all->entries().at(0).objective;
  CHECK(fast.kind == vx11::ObjectiveKind::latency);
  CHECK(fast.threshold == 2s);
  CHECK(fast.level.objective == 0.95);
  CHECK(fast.level.period == 168h);
  CHECK(fast.routes == Lines{"/operator/*"});
  const vx11::ServiceObjective& first = all->entries().at(1).objective;
  CHECK(first.level.objective == 0.99);
  CHECK(first.first_choices == Lines{"switch"});
  CHECK(first.level.alerts.front().severity == vx11::AlertSeverity::ticket);
}

TEST_CASE("mistakes in objectives, all of them") {
  CHECK(mistakes_in("[slo]\n") == Lines{"gateway.toml:1: slo: is empty; write [slo.NAME] with its "
                                        "settings below it, or delete it"});
  CHECK(mistakes_in(
            "[slo.a]\nobjective = 99.9\n[slo.b]\nkind = \"latency\"\n[slo.c]\n"
            "kind = \"availability\"\nthreshold = \"2s\"\nroutes = [\"/operator/chats\", \"/b*\"]\n"
            "[slo.d]\nkind = \"uptime\"\nperiod = \"24h\"\nroutes = []\n") ==
        Lines{"gateway.toml:2: slo.a.objective: 99.9 is out of range; take 0.5 to 0.99999",
              "gateway.toml:10: slo.d.kind: \"uptime\" is not a kind; write \"availability\", "
              "\"latency\" or \"first_choice\"",
              "gateway.toml:11: slo.d.period: \"24h\" is out of range; take \"72h\" to \"8784h\"",
              "gateway.toml:1: slo.a: has no kind; write kind = \"availability\", \"latency\" or "
              "\"first_choice\"",
              "gateway.toml:3: slo.b: is about latency and has no threshold; write threshold = "
              "\"2s\"",
              "gateway.toml:7: slo.c.threshold: has no effect with kind = \"availability\"; delete "
              "it, or write kind = \"latency\"",
              "gateway.toml:8: slo.c.routes: \"/operator/chats\" is no route; write one such as "
              "/operator/session/{}, or the beginning of some followed by *, did you mean "
              "\"/operator/chat\"?",
              "gateway.toml:8: slo.c.routes: \"/b*\" is no route; write one such as "
              "/operator/session/{}, or the beginning of some followed by *",
              "gateway.toml:12: slo.d.routes: is empty: nothing would count; name routes, or "
              "delete it for chats"});
}

TEST_CASE("an objective that is too low for its alerts is a warning") {
  const LoadedConfig loaded = load(
      "[slo.low]\nkind = \"availability\"\nobjective = 0.93\n"
      "[slo.high]\nkind = \"availability\"\nobjective = 0.94\n");
  CHECK(loaded.mistakes.empty());
  REQUIRE(loaded.warnings.size() >= 1);
  CHECK(loaded.warnings.back().ends_with(
      "slo.low.objective: with this objective the alert at 14.4 times the even rate cannot fire, "
      "also if every request fails (14.3 times); take more"));
}

TEST_CASE("the history is kept beside the sessions, where the setting says, or nowhere") {
  GatewayConfig config;
  CHECK(history_file_of(config).empty());
  config.sessions.store.sqlite_path = "/var/lib/vx11/sessions.db";
  CHECK(history_file_of(config) == "/var/lib/vx11/service_levels.json");
  config.service_levels.file.value = "/elsewhere.json";
  CHECK(history_file_of(config) == "/elsewhere.json");
  config.service_levels.file.value = "none";
  CHECK(history_file_of(config).empty());
}

TEST_CASE_FIXTURE(Kept, "a history is there again after a restart") {
  const std::string both = "[slo.a]\nkind = \"availability\"\n[slo.b]\nkind = \"availability\"\n";
  {
    const auto before = made(both);
    HistoryFile file(path);
    REQUIRE(file.load(*before));
    for (int i = 0; i < 5; ++i) count(before, i == 0 ? 503 : 200);
    REQUIRE(file.save(*before));
    REQUIRE(file.save(*before));
  }
  {
    const auto fewer = made("[slo.a]\nkind = \"availability\"\nobjective = 0.9\n");
    HistoryFile file(path);
    REQUIRE(file.load(*fewer));
    CHECK(events(fewer) == 5);
    count(fewer);
    REQUIRE(file.save(*fewer));
  }
  const auto after = made(both);
  HistoryFile file(path);
  REQUIRE(file.load(*after));
  CHECK(after->entries()[0].level->events(1h) == vx11::EventCounts{.total = 6, .bad = 1});
  CHECK(after->entries()[1].level->events(1h) == vx11::EventCounts{.total = 5, .bad = 1});
}

TEST_CASE_FIXTURE(Kept, "an objective that counts other requests begins anew") {
  {
    const auto before = made("[slo.a]\nkind = \"availability\"\n");
    HistoryFile file(path);
    count(before);
    REQUIRE(file.save(*before));
  }
  const auto after = made("[slo.a]\nkind = \"latency\"\nthreshold = \"1s\"\n");
  REQUIRE(HistoryFile(path).load(*after));
  CHECK(events(after) == 0);
}

TEST_CASE_FIXTURE(Kept, "a reload that adds an objective gives it the history that the file has") {
  const std::string both = "[slo.a]\nkind = \"availability\"\n[slo.b]\nkind = \"availability\"\n";
  const std::string one = "[slo.a]\nkind = \"availability\"\n";
  {
    const auto before = made(both);
    for (int i = 0; i < 7; ++i) count(before, 503);
    REQUIRE(HistoryFile(path).save(*before));
  }
  HistoryFile file(path);
  auto now = made(one);
  REQUIRE(file.load(*now));
  const auto reload = [&](const std::string& toml) {
    const auto next = make_objectives(load(toml).config, {}, now).value();
    file.change(*now, *next);
    now = next;
  };
  reload(both);
  for (const auto& entry : now->entries()) CHECK(entry.level->events(1h).total == 7);
  count(now);
  reload(one);
  count(now);
  CHECK(events(now) == 9);
  reload(both);
  count(now);
  CHECK(now->entries()[0].level->events(1h) == vx11::EventCounts{.total = 10, .bad = 7});
  CHECK(now->entries()[1].level->events(1h) == vx11::EventCounts{.total = 9, .bad = 7});
  REQUIRE(file.save(*now));
  const auto kept = read_histories(text_of(path)).value();
  CHECK(kept.at("b").history.tracks.front().slices.size() > 0);
}

TEST_CASE_FIXTURE(Kept, "the last objective that leaves is kept, and comes back") {
  KeptHistory kept(path);
  const auto before = made();
  kept.load(*before);
  count(before);
  const auto none =
      make_objectives(load("[service_levels]\ndefaults = false\n").config, {}, before);
  kept.change(*before, **none);
  kept.save(**none);
  CHECK(read_histories(text_of(path)).value().count("availability") == 1);
  const auto again = make_objectives(load("").config, {}, *none).value();
  kept.change(**none, *again);
  CHECK(events(again) == 1);
}

TEST_CASE_FIXTURE(Kept, "a metric says whether the history is kept, where there is a file for it") {
  const auto value = [](const std::shared_ptr<KeptHistory>& history) {
    return history_metrics(history).at(0).series.at(0).value();
  };
  CHECK(history_metrics(std::make_shared<KeptHistory>("")).empty());
  const auto objectives = made();
  auto first = std::make_shared<KeptHistory>(path);
  first->load(*objectives);
  CHECK(value(first) == 1);
  const auto second = std::make_shared<KeptHistory>(path);
  second->load(*objectives);
  CHECK(value(second) == 0);
  first.reset();
  second->save(*objectives);
  CHECK(value(second) == 1);
}

TEST_CASE_FIXTURE(Kept, "a slice with more bad events than events is no damage") {
  folder.write("service_levels.json",
               R"({"format":"vx11 service levels","version":1,"objectives":{"availability":{)"
               R"("counted":")" +
                   counted_text(made()->entries().front().objective) +
                   R"(","saved_ms":0,"age_ns":1000,"tracks":[{"step_ns":15000000000,)"
                   R"("slices":[[0,3,4]]}]}}})");
  const auto now = made();
  REQUIRE(HistoryFile(path).load(*now));
  CHECK(now->entries().front().level->events(1h) == vx11::EventCounts{.total = 3, .bad = 3});
}

TEST_CASE_FIXTURE(Kept, "one process at a time keeps the file; the next takes over what it wrote") {
  const auto first = made();
  const auto second = made();
  HistoryFile of_second(path);
  {
    HistoryFile of_first(path);
    count(first);
    REQUIRE(of_first.save(*first));
    count(second);
    const auto saved = of_second.save(*second);
    REQUIRE_FALSE(saved);
    CHECK(saved.error().detail ==
          "another gateway uses \"" + path + "\"; give each its own service_levels.file");
  }
  REQUIRE(of_second.save(*second));
  CHECK(events(second) == 2);
}

TEST_CASE_FIXTURE(Kept, "a file that is not ours, of a later version or damaged is left as it is") {
  const std::string what = "; it is left as it is: move it away, or set service_levels.file";
  CHECK(refused("") == "is no history of service levels" + what);
  CHECK(refused("[1,2") == "is no history of service levels" + what);
  CHECK(refused(R"({"name":"package"})") == "is no history of service levels" + what);
  CHECK(refused(R"({"format":"vx11 service levels","version":2})") ==
        "was written by a later version" + what);
  CHECK(refused(R"({"format":"vx11 service levels","version":1})") == "is damaged" + what);
  CHECK(
      refused(R"({"format":"vx11 service levels","version":1,"objectives":{"a":{"counted":1}}})") ==
      "is damaged" + what);
}

TEST_CASE_FIXTURE(Kept, "a folder that cannot be written is an error that names it") {
  HistoryFile file("/proc/none/service_levels.json");
  const auto saved = file.save(*made());
  REQUIRE_FALSE(saved);
  CHECK(saved.error().detail.starts_with("cannot open \"/proc/none/service_levels.json.lock\": "));
}
