#include <string>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

TEST_CASE("a session_id of null asks for no session") {
  Site site;
  site.to_switch->then_json(kSwitchSays);
  const auto answer = site.post(Site::chat(R"(,"metadata":{"session_id":null})"));
  CHECK(answer.status == 200);
  CHECK_FALSE(body_of(answer).at("vx11").contains("session"));
  CHECK_FALSE(vx11::sync_wait(site.store->find("null")).value().has_value());
}

TEST_CASE("a system message does not replace the memory of a session") {
  Site site;
  for (int i = 0; i < 2; ++i) site.to_switch->then_json(kSwitchSays);
  const std::string body = R"({"model":"vx11","messages":[{"role":"system","content":"be brief"},)"
                           R"({"role":"user","content":"hello"}],"metadata":{"session_id":"s1"}})";
  site.post(body);
  site.post(body);
  const json asked = json::parse(site.to_switch->requests().at(1).body);
  CHECK(asked.at("metadata").at("context_summary") ==
        "system: be brief\nuser: hello\nassistant: from switch\nuser: hello");
}

TEST_CASE("a session is kept only if it is asked for") {
  Site site;
  for (int i = 0; i < 4; ++i) site.to_switch->then_json(kSwitchSays);
  site.post(Site::chat(R"(,"user":"u1")"));
  CHECK_FALSE(vx11::sync_wait(site.store->find("u1")).value().has_value());
  const auto kept = site.post(Site::chat(R"(,"user":"u1","metadata":{"session_id":"s1"})"));
  CHECK(body_of(kept).at("vx11").at("session") == "s1");
  auto session = vx11::sync_wait(site.store->find("s1")).value();
  REQUIRE(session.has_value());
  CHECK(session->messages.size() == 2);
  CHECK(session->user_id == "u1");
  CHECK(session->messages[1].content == "from switch");
  site.post(Site::chat(R"(,"metadata":{"session_id":"s1"})"));
  const json asked = json::parse(site.to_switch->requests().at(2).body);
  CHECK(asked.at("session_id") == "s1");
  CHECK(asked.at("metadata").at("context_summary").get<std::string>().find("from switch") !=
        std::string::npos);

  Site by_user;
  by_user.options.session_member = vx11::SessionMember::metadata_or_user;
  by_user.to_switch->then_json(kSwitchSays);
  by_user.post(Site::chat(R"(,"user":"u1")"));
  CHECK(vx11::sync_wait(by_user.store->find("u1")).value().has_value());
}
