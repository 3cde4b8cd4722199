#include "hormiguero.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "json_text.hpp"

namespace upstream {

using nlohmann::json;

namespace {

constexpr std::string_view kPrefix = "/hormiguero/inee/extended/";
constexpr std::string_view kAccount = "/hormiguero/inee/extended/rewards/account/";

void set_json(Reply& reply, int status, const json& body) {
  reply.set(status, body.dump(-1, ' ', false, json::error_handler_t::replace));
}

void refuse(Reply& reply, std::string_view member, std::string_view why) {
  reply.set(422, unprocessable(member, why, "value_error"));
}

/// The value of `colony_id` in the query, as sent; tests use ids that need no encoding.
std::string colony_in_query(const Request& request) {
  constexpr std::string_view kName = "colony_id=";
  std::string_view query = request.target;
  const auto at = query.find('?');
  query = at == std::string_view::npos ? "" : query.substr(at + 1);
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    if (pair.starts_with(kName)) return std::string(pair.substr(kName.size()));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  return {};
}

std::string text_of(const json& body, const char* name) {
  const auto value = body.value(name, json());
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// An object; none, and 422, otherwise.
std::optional<json> object_of(const Request& request, Reply& reply) {
  auto body = json::parse(request.body, nullptr, false);
  if (body.is_object()) return body;
  refuse(reply, "", "Input should be an object");
  return std::nullopt;
}

}  // namespace

void Hormiguero::answer(const Request& request, Reply& reply) {
  static constexpr std::array<Route<Hormiguero>, 12> kRoutes{{
      {"GET", "/health", &Hormiguero::health},
      {"GET", "/hormiguero/inee/extended/status", &Hormiguero::status},
      {"POST", "/hormiguero/inee/extended/colony/register", &Hormiguero::register_colony},
      {"POST", "/hormiguero/inee/extended/colony/envelope", &Hormiguero::colony_message},
      {"POST", "/hormiguero/inee/extended/colony/heartbeat", &Hormiguero::colony_message},
      {"POST", "/hormiguero/inee/extended/colony/lifecycle/advance", &Hormiguero::colony_message},
      {"POST", "/hormiguero/inee/extended/builder/patchset", &Hormiguero::build},
      {"POST", "/hormiguero/inee/extended/builder/prompt-pack", &Hormiguero::build},
      {"GET", "/hormiguero/inee/extended/rewards/status", &Hormiguero::rewards_status},
      {"POST", "/hormiguero/inee/extended/rewards/transaction", &Hormiguero::transaction},
      {"POST", "/hormiguero/inee/extended/manifestator/patch-plan", &Hormiguero::build},
      {"POST", "/hormiguero/inee/extended/manifestator/prompt-pack", &Hormiguero::build},
  }};
  if (dispatch<Hormiguero>(kRoutes, *this, request, reply)) return;
  if (request.path.starts_with(kAccount) && request.method == "GET") {
    account(request.path.substr(kAccount.size()), reply);
  } else {
    reply_not_found(reply);
  }
}

void Hormiguero::health(const Request& /*request*/, Reply& reply) {
  reply.body = R"({"status":"ok","module":"hormiguero"})";
}

void Hormiguero::status(const Request& request, Reply& reply) {
  const std::lock_guard lock(mutex_);
  const auto asked = colony_in_query(request);
  if (!asked.empty() && !colonies_.contains(asked))
    return set_json(reply, 404, {{"detail", "unknown colony"}});
  set_json(reply, 200, {{"status", "ok"}, {"colonies", colonies_}});
}

void Hormiguero::register_colony(const Request& request, Reply& reply) {
  const auto body = object_of(request, reply);
  if (!body) return;
  auto id = text_of(*body, "colony_id");
  if (id != colony_in_query(request)) return refuse(reply, "colony_id", "not that of the query");
  const std::lock_guard lock(mutex_);
  if (id.empty()) id = fmt::format("colony-{:06}", colonies_.size() + 1);
  const bool is_new = colonies_.insert(id).second;
  set_json(reply, is_new ? 201 : 200, {{"status", "registered"}, {"colony_id", id}});
}

void Hormiguero::colony_message(const Request& request, Reply& reply) {
  const auto body = object_of(request, reply);
  if (!body) return;
  const auto id = text_of(*body, "colony_id");
  if (id.empty() || id != colony_in_query(request))
    return refuse(reply, "colony_id", "needed in query and body");
  const std::lock_guard lock(mutex_);
  if (!colonies_.contains(id)) return set_json(reply, 404, {{"detail", "unknown colony"}});
  set_json(reply, 200,
           {{"status", "ok"}, {"colony_id", id}, {"path", request.path.substr(kPrefix.size())}});
}

void Hormiguero::build(const Request& request, Reply& reply) {
  if (!object_of(request, reply)) return;
  const std::lock_guard lock(mutex_);
  set_json(reply, 202,
           {{"status", "accepted"},
            {"job_id", fmt::format("job-{:06}", ++jobs_)},
            {"path", request.path.substr(kPrefix.size())}});
}

void Hormiguero::rewards_status(const Request& /*request*/, Reply& reply) {
  const std::lock_guard lock(mutex_);
  set_json(reply, 200, {{"status", "ok"}, {"accounts", accounts_.size()}});
}

void Hormiguero::transaction(const Request& request, Reply& reply) {
  const auto body = object_of(request, reply);
  if (!body) return;
  const auto id = text_of(*body, "account_id");
  const auto amount = body->value("amount", json());
  if (id.empty() || !amount.is_number()) return refuse(reply, "account_id", "id and amount needed");
  const std::lock_guard lock(mutex_);
  const double balance = accounts_[id] += amount.get<double>();
  set_json(reply, 200, {{"status", "ok"}, {"account_id", id}, {"balance", balance}});
}

void Hormiguero::account(std::string_view id, Reply& reply) {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(id);
  if (found == accounts_.end()) return set_json(reply, 404, {{"detail", "unknown account"}});
  set_json(reply, 200, {{"account_id", id}, {"balance", found->second}});
}

}  // namespace upstream
