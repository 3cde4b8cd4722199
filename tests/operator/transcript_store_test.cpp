// Chats in the database: lists, search, bounds, deletion.
#include <set>

#include <sqlite3.h>

#include "operator/records/session_search.hpp"
#include "stores_site.hpp"

using namespace stores_site;

TEST_CASE("sessions are listed by use, with the title of the first question") {
  Site site;
  site.say(turn("one", "  What runs?\nAnd why?", "All of it"));
  site.clock.advance(1s);
  site.say(turn("two", "Second", "Yes", "bob"));
  site.clock.advance(1s);
  site.say(turn("one", "More?", "No"));
  const auto all = site.sessions();
  REQUIRE(all.sessions.size() == 2);
  CHECK(all.sessions[0].session_id == "one");
  CHECK(all.sessions[0].title == "What runs?");
  CHECK(all.sessions[0].turns == 2);
  CHECK(all.sessions[0].updated - all.sessions[0].created == 2s);
  backend::ChatSessionFilter own;
  own.principal = "bob";
  CHECK(site.sessions(own).total == 1);
  CHECK(site.sessions(own).sessions[0].session_id == "two");
}

TEST_CASE("a session's transcript belongs to its user; who may read all sees every one") {
  Site site;
  Turn said = turn("shared", "Question of anna", "Answer");
  said.metadata = {{"source", "switch"}};
  site.say(said);
  site.clock.advance(1s);
  site.say(turn("shared", "Question of bob", "Answer", "bob"));
  const auto find = [&](std::string principal, bool is_any) {
    return sync_wait(site.chats->find("shared", std::move(principal), is_any)).value();
  };
  const auto of_anna = find("anna", false);
  REQUIRE(of_anna);
  REQUIRE(of_anna->turns.size() == 1);
  CHECK(of_anna->turns[0].question == "Question of anna");
  CHECK(of_anna->turns[0].metadata == json{{"source", "switch"}});
  CHECK_FALSE(find("carl", false));
  CHECK(find("carl", true)->session.principal == "bob");  // the latest one
  CHECK(find("anna", true)->session.principal == "anna");
}

TEST_CASE("sessions are found by words of questions and answers") {
  Site site;
  site.say(turn("one", "Is the switch asleep?", "It sleeps since noon"));
  site.say(turn("two", "Restart hermes", "Done"));
  const auto found = [&](std::string words) {
    backend::ChatSessionFilter filter;
    filter.words = std::move(words);
    std::vector<std::string> ids;
    for (const auto& session : site.sessions(filter).sessions) ids.push_back(session.session_id);
    return ids;
  };
  CHECK(found("HERMES") == std::vector<std::string>{"two"});
  CHECK(found("swi noon") == std::vector<std::string>{"one"});
  CHECK(found("hermes noon").empty());
  CHECK(found("").size() == 2);
  CHECK(found("\" OR 1").empty());
  for (const char* hostile : {"\"", "*", "NEAR(", "question:x", "-", "^a", "((((", "a\"b", "'"}) {
    CHECK_NOTHROW(found(hostile));
  }
}

TEST_CASE("pages of sessions neither repeat nor leave out; a hostile cursor is refused") {
  Site site;
  for (int i = 0; i < 12; ++i) {  // some at the same time
    site.say(turn("s" + std::to_string(i), "q", "a", "user" + std::to_string(i)));
    if (i % 3 == 0) site.clock.advance(1s);
  }
  std::set<std::string> seen;
  backend::ChatSessionFilter filter;
  filter.limit = 5;
  do {
    const auto page = site.sessions(filter);
    for (const auto& session : page.sessions) CHECK(seen.insert(session.session_id).second);
    filter.cursor = page.next;
  } while (!filter.cursor.empty());
  CHECK(seen.size() == 12);
  for (const char* hostile :
       {"x", ".", "1", "1.", "1.x", "1.2.3", "99999999999999999999.1", " 1.2"}) {
    CHECK_FALSE(backend::position_of(hostile));
  }
}

TEST_CASE("turns and sessions are bounded; the oldest are removed, with their words") {
  Site site;
  for (int i = 0; i < 5; ++i) site.say(turn("one", "word" + std::to_string(i), "a"));
  const auto kept = sync_wait(site.chats->find("one", "anna", false)).value();
  REQUIRE(kept);
  CHECK(kept->turns.size() == 3);
  CHECK(kept->turns.front().question == "word2");
  CHECK(kept->session.turns == 3);
  backend::ChatSessionFilter filter;
  filter.words = "word0";
  CHECK(site.sessions(filter).sessions.empty());
  for (int i = 0; i < 6; ++i) {
    site.clock.advance(1s);
    site.say(turn("more" + std::to_string(i), "q", "a"));
  }
  CHECK(site.sessions().total == 5);
  CHECK_FALSE(sync_wait(site.chats->find("one", "anna", false)).value());
}

TEST_CASE("a deleted session leaves nothing in the file and its log") {
  Site site;
  site.say(turn("other", "ordinary", "text"));
  site.say(turn("secret", "xylophonequestion of a kind", "zebraanswer"));
  CHECK_FALSE(sync_wait(site.chats->erase("secret", "bob")).value());
  CHECK(sync_wait(site.chats->erase("secret", "anna")).value());
  CHECK_FALSE(sync_wait(site.chats->erase("secret", "anna")).value());
  CHECK(site.sessions().total == 1);
  CHECK(site.bytes().find("xylophonequestion of") == std::string::npos);
  SUBCASE("at once") {}
  SUBCASE("after a restart") {
    site.open();
  }
  CHECK(sync_wait(site.chats->forget_words(1'000)));
  const std::string bytes = site.bytes();
  CHECK(bytes.find("ordinary") != std::string::npos);
  CHECK(bytes.find("xylophone") == std::string::npos);
  CHECK(bytes.find("zebra") == std::string::npos);
}

/// Counts how often the index of words is written anew.
void count_cleanings(Site& site, int& cleanings) {
  CHECK(sync_wait(site.database->write([&cleanings](Connection& connection) {
    const auto count = [](unsigned, void* counter, void* statement, void*) {
      char* const sql = sqlite3_expanded_sql(static_cast<sqlite3_stmt*>(statement));
      if (std::string(sql).find("'merge', -") != std::string::npos) ++*static_cast<int*>(counter);
      sqlite3_free(sql);
      return 0;
    };
    sqlite3_trace_v2(connection.sqlite().getHandle(), SQLITE_TRACE_STMT, count, &cleanings);
  })));
}

TEST_CASE("deletions, also one after another, clean the index of words once") {
  Site site;
  for (const char* id : {"a", "b", "c"}) site.say(turn(id, "xylophonequestion", "zebraanswer"));
  int cleanings = 0;
  count_cleanings(site, cleanings);
  CHECK(sync_wait(site.chats->forget_words(1'000)));
  CHECK(cleanings == 0);  // nothing was deleted
  for (const char* id : {"a", "b", "c"}) CHECK(sync_wait(site.chats->erase(id, "anna")).value());
  CHECK(cleanings == 0);
  CHECK(sync_wait(site.chats->forget_words(1'000)));
  CHECK(sync_wait(site.chats->forget_words(1'000)));
  CHECK(cleanings == 1);
  CHECK(site.sessions().total == 0);
  CHECK(site.bytes().find("xylophone") == std::string::npos);
}

TEST_CASE("words of a session that is deleted during a cleaning are due again") {
  Site site;
  for (const char* id : {"a", "b"}) site.say(turn(id, "xylophonequestion", "zebraanswer"));
  CHECK(sync_wait(site.chats->erase("a", "anna")).value());
  CHECK(sync_wait(site.chats->forget_words(0)));  // does not come to its end
  CHECK(sync_wait(site.chats->erase("b", "anna")).value());
  CHECK(sync_wait(site.chats->forget_words(1'000)));
  CHECK(site.bytes().find("xylophone") == std::string::npos);
}
