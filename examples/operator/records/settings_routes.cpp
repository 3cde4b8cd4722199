#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/query_values.hpp"
#include "operator/records/stored_routes.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Task;

/// A setting of the console that is one of some words.
struct Choice {
  std::string_view name;
  std::array<std::string_view, 3> words;  ///< The first one is the default; empty ones are none.
};
constexpr std::array<Choice, 3> kChoices = {{{"theme", {"system", "light", "dark"}},
                                             {"density", {"comfortable", "compact", ""}},
                                             {"times", {"local", "utc", ""}}}};
constexpr std::string_view kRefresh = "refresh_sec";
constexpr int kDefaultRefresh = 5;
constexpr int kMaxRefresh = 300;

json defaults() {
  json settings = json::object();
  for (const Choice& choice : kChoices) settings[std::string(choice.name)] = choice.words.front();
  settings[std::string(kRefresh)] = kDefaultRefresh;
  return settings;
}

bool is_one_of(const Choice& choice, const json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return !text.empty() &&
         std::find(choice.words.begin(), choice.words.end(), text) != choice.words.end();
}

bool is_refresh(const json& value) {
  return value.is_number_integer() && value >= 1 && value <= kMaxRefresh;
}

/// \return what is wrong with it; empty: nothing
std::string_view mistake_of(std::string_view name, const json& value) {
  for (const Choice& choice : kChoices) {
    if (name == choice.name) return is_one_of(choice, value) ? "" : "is no value of this setting";
  }
  if (name != kRefresh) return "is no setting";
  return is_refresh(value) ? "" : "should be a whole number from 1 to 300";
}

json located(const std::string& name, std::string_view mistake) {
  json where = json::array({"body", "settings", name});
  return {{"loc", std::move(where)}, {"msg", mistake}, {"type", "value_error"}};
}

/// The changes, or 422 with every mistake.
tl::expected<json, ApiAnswer> changes_of(const ApiCall& call) {
  constexpr std::size_t kMaxMistakes = 16;
  auto body = json_object(call);
  if (!body) return tl::unexpected(std::move(body.error()));
  const auto settings = body->find("settings");
  if (settings == body->end()) {
    return tl::unexpected(unprocessable("settings", "Field required", "missing"));
  }
  if (!settings->is_object()) {
    return tl::unexpected(unprocessable("settings", "Input should be an object", "dict_type"));
  }
  json mistakes = json::array();
  for (const auto& [name, value] : settings->items()) {
    const std::string_view mistake = mistake_of(name, value);
    if (!mistake.empty() && mistakes.size() < kMaxMistakes) {
      mistakes.push_back(located(name, mistake));
    }
  }
  if (mistakes.empty()) return std::move(*settings);
  json answer = json::object();
  answer["detail"] = std::move(mistakes);
  return tl::unexpected(ApiAnswer(422, std::move(answer)));
}

/// What the routes share; kept by each.
struct SettingsEndpoints {
  std::shared_ptr<AuditStore> audit;
  std::shared_ptr<StatusFeed> feed;
  std::shared_ptr<SettingsStore> settings;
  bool read_only;

  /// Of the system's power, as the watcher saw it last.
  std::string policy() const {
    const auto latest = feed == nullptr ? nullptr : feed->latest();
    if (latest == nullptr) return "unknown";
    const auto found = latest->status.find("policy");
    return found != latest->status.end() && found->is_string() ? found->get<std::string>()
                                                               : "unknown";
  }
  ApiAnswer answer(const json& stored) const {
    json all = defaults();
    all.update(stored);
    json body = {{"settings", std::move(all)}, {"policy", policy()}, {"read_only", read_only}};
    return ApiAnswer(std::move(body));
  }
};
using Shared = std::shared_ptr<const SettingsEndpoints>;

/// Stores the entry with the change.
struct Recording {
  Recording(std::shared_ptr<AuditStore> log, AuditEntry what)
      : audit(std::move(log)), entry(std::move(what)) {}
  void operator()(Connection& connection) const { audit->add_within(connection, entry); }

  std::shared_ptr<AuditStore> audit;
  AuditEntry entry;
};

Task<ApiAnswer> show(Shared self, const ApiCall& call) {
  auto reading = self->settings->get(call.caller.principal);
  const auto stored = co_await std::move(reading);
  if (!stored) co_return storage_offline(stored.error());
  co_return self->answer(*stored);
}

Task<ApiAnswer> change(Shared self, const ApiCall& call) {
  if (self->read_only) {
    co_return off_by_policy({.service = "settings",
                             .message = "This backend is read-only; no setting was changed.",
                             .reason = "read_only",
                             .recommended_action = "Set console.read_only = false."});
  }
  auto changes = changes_of(call);
  if (!changes) co_return std::move(changes.error());
  AuditEntry entry(call.caller, "settings.change", call.caller.principal, call.correlation_id);
  entry.outcome = "done";
  entry.detail = *changes;
  Recording recording(self->audit, std::move(entry));
  auto changing =
      self->settings->change(call.caller.principal, *std::move(changes), std::move(recording));
  const auto stored = co_await std::move(changing);
  if (!stored) co_return storage_offline(stored.error());
  co_return self->answer(*stored);
}

}  // namespace

ApiRoutes settings_routes(const Parts& parts, std::shared_ptr<SettingsStore> settings,
                          std::shared_ptr<AuditStore> audit, bool read_only) {
  const auto self = std::make_shared<const SettingsEndpoints>(
      SettingsEndpoints{std::move(audit), parts.feed, std::move(settings), read_only});
  const vx11::Scopes status{vx11::Scope::status};
  ApiRoutes routes;
  routes.push_back(ApiRoute{"GET",
                            "/settings",
                            [self](const ApiCall& call) { return show(self, call); },
                            {.scopes = status}});
  routes.push_back(ApiRoute{"POST",
                            "/settings",
                            [self](const ApiCall& call) { return change(self, call); },
                            {.scopes = status}});
  return routes;
}

}  // namespace backend
