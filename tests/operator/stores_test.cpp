// Audit and settings in the database.
#include "operator/records/settings_store.hpp"
#include "stores_site.hpp"

using namespace stores_site;

TEST_CASE("the audit is paged, found by id, and bounded") {
  Site site;
  for (int i = 0; i < 210; ++i) {
    AuditEntry entry;
    entry.principal = "anna";
    entry.address = "127.0.0.1";
    entry.action = "service.restart";
    entry.object = "switch";
    entry.outcome = "done";
    entry.correlation_id = "c-" + std::to_string(i + 1);
    entry.detail = {{"number", i + 1}};
    REQUIRE(sync_wait(site.audit->add(std::move(entry))));
  }
  const auto page = sync_wait(site.audit->list(0, 10, {})).value();
  CHECK(page.entries.size() == 10);
  CHECK(page.entries.front().id == 210);
  CHECK(page.has_more);
  CHECK(page.total <= 164);
  CHECK(page.total >= 100);
  const auto next = sync_wait(site.audit->list(page.entries.back().id, 10, {})).value();
  CHECK(next.entries.front().id == 200);
  const auto found = sync_wait(site.audit->find(205)).value();
  REQUIRE(found);
  const json expected = {{"audit_id", "205"},
                         {"id", 205},
                         {"ts", "2025-12-28T12:34:56.789Z"},
                         {"principal", "anna"},
                         {"address", "127.0.0.1"},
                         {"action", "service.restart"},
                         {"object", "switch"},
                         {"outcome", "done"},
                         {"correlation_id", "c-205"},
                         {"detail", {{"number", 205}}}};
  CHECK(backend::to_json(*found) == expected);
  CHECK_FALSE(sync_wait(site.audit->find(1)).value());  // removed
}

TEST_CASE("settings belong to their user; a change leaves the others as they are") {
  Site site;
  const backend::SettingsStore settings(site.database, site.clock);
  CHECK(sync_wait(settings.get("anna")).value() == json::object());
  const json dark = {{"theme", "dark"}};
  const json compact = {{"density", "compact"}};
  CHECK(sync_wait(settings.change("anna", dark)).value() == dark);
  const json both = {{"theme", "dark"}, {"density", "compact"}};
  CHECK(sync_wait(settings.change("anna", compact)).value() == both);
  CHECK(sync_wait(settings.get("anna")).value() == both);
  CHECK(sync_wait(settings.get("bob")).value() == json::object());
}
