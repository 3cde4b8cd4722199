#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "operator/api/api_answers.hpp"
#include "operator/api/query_values.hpp"
#include "operator/records/stored_routes.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Task;
using Audit = std::shared_ptr<AuditStore>;

/// The parts of `action`, which commas separate.
QueryValue<std::vector<std::string>> beginnings_of(const ApiCall& call) {
  constexpr std::size_t kMost = 8;
  auto text = text_of(call, "action", 256);
  if (!text) return tl::unexpected(std::move(text.error()));
  std::vector<std::string> parts;
  std::istringstream words(*text);
  for (std::string word; std::getline(words, word, ',');) {
    if (!word.empty()) parts.push_back(word);
  }
  if (parts.size() <= kMost) return parts;
  return tl::unexpected(invalid_query("action", "Give at most 8 actions", "too_long"));
}

Task<ApiAnswer> list(Audit audit, const ApiCall& call) {
  auto limit = limit_of(call);
  if (!limit) co_return std::move(limit.error());
  auto before = id_of(call, "cursor");
  if (!before) co_return std::move(before.error());
  auto beginnings = beginnings_of(call);
  if (!beginnings) co_return std::move(beginnings.error());
  auto listing = audit->list(before->value_or(0), *limit, *std::move(beginnings));
  const auto page = co_await std::move(listing);
  if (!page) co_return storage_offline(page.error());
  json entries = json::array();
  for (const StoredAuditEntry& entry : page->entries) entries.push_back(to_json(entry));
  json next = nullptr;
  if (page->has_more) next = std::to_string(page->entries.back().id);
  json body = {{"entries", std::move(entries)},
               {"total", page->total},
               {"has_more", page->has_more},
               {"next_cursor", std::move(next)}};
  co_return ApiAnswer(std::move(body));
}

using Found = tl::expected<StoredAuditEntry, ApiAnswer>;

Task<Found> find(Audit audit, const ApiCall& call) {
  const auto id = parse_id(call.path_argument("id"));
  if (!id) co_return tl::unexpected(refusal(404, "not_found"));
  auto finding = audit->find(*id);
  auto entry = co_await std::move(finding);
  if (!entry) co_return tl::unexpected(storage_offline(entry.error()));
  if (!*entry) co_return tl::unexpected(refusal(404, "not_found"));
  co_return **std::move(entry);
}

Task<ApiAnswer> show(Audit audit, const ApiCall& call) {
  auto finding = find(std::move(audit), call);
  Found entry = co_await std::move(finding);
  if (!entry) co_return std::move(entry.error());
  json body = json::object();
  body["entry"] = to_json(*entry);
  co_return ApiAnswer(std::move(body));
}

Task<ApiAnswer> download(Audit audit, const ApiCall& call) {
  auto finding = find(std::move(audit), call);
  Found entry = co_await std::move(finding);
  if (!entry) co_return std::move(entry.error());
  vx11::HttpResponse file(200, "application/x-ndjson", to_text(to_json(*entry)) + "\n");
  file.headers.add("Content-Disposition",
                   "attachment; filename=\"vx11-audit-" + std::to_string(entry->id) + ".jsonl\"");
  vx11::StreamedResponse response(std::move(file), nullptr);
  co_return ApiAnswer(std::move(response));
}

}  // namespace

ApiRoutes audit_routes(std::shared_ptr<AuditStore> audit) {
  const vx11::Scopes admin{vx11::Scope::admin};
  ApiRoutes routes;
  const auto add = [&](const char* pattern, Task<ApiAnswer> (*answer)(Audit, const ApiCall&)) {
    routes.push_back(ApiRoute{"GET",
                              pattern,
                              [audit, answer](const ApiCall& call) { return answer(audit, call); },
                              {.scopes = admin}});
  };
  add("/audit", &list);
  add("/audit/{id}", &show);
  add("/audit/{id}/download", &download);
  return routes;
}

}  // namespace backend
