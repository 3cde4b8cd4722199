#include <vx11/session.hpp>

#include <string_view>
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/percent.hpp"
#include "operator/api/query_values.hpp"
#include "operator/records/stored_routes.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Scope;
using vx11::Task;

constexpr std::size_t kMaxWords = 256;
constexpr std::size_t kMaxSessionId = 256;

json to_json(const ChatSession& session) {
  return {{"session_id", session.session_id},
          {"title", session.title},
          {"principal", session.principal},
          {"message_count", 2 * session.turns},
          {"created_at", vx11::to_rfc3339(session.created)},
          {"updated_at", vx11::to_rfc3339(session.updated)}};
}

json message(std::string_view role, const std::string& content, const StoredTurn& turn,
             json metadata) {
  return {{"role", role},
          {"content", content},
          {"timestamp", vx11::to_rfc3339(turn.at)},
          {"metadata", std::move(metadata)}};
}

json messages_of(const ChatTranscript& transcript) {
  json messages = json::array();
  for (const StoredTurn& turn : transcript.turns) {
    messages.push_back(message("user", turn.question, turn, json::object()));
    messages.push_back(message("assistant", turn.answer, turn, turn.metadata));
  }
  return messages;
}

bool sees_all(const Caller& caller) {
  return caller.scopes.allow(Scope::sessions_read);
}

/// One of two scopes suffices, which `ApiRouteOptions` does not express.
std::optional<ApiAnswer> without_scope(const Caller& caller) {
  if (caller.scopes.allow(Scope::chat) || sees_all(caller)) return std::nullopt;
  ApiAnswer answer = refusal(403, "insufficient_scope", "the credential lacks the scope chat");
  answer.body["scope"] = "chat";
  return answer;
}

/// What the routes share; kept by each.
struct SessionEndpoints {
  std::shared_ptr<GatewayClient> gateway;
  std::shared_ptr<AuditStore> audit;
  std::shared_ptr<TranscriptStore> transcripts;
  bool read_only;
};
using Shared = std::shared_ptr<const SessionEndpoints>;

Task<ApiAnswer> list(Shared self, const ApiCall& call) {
  if (auto refused = without_scope(call.caller)) co_return *std::move(refused);
  auto limit = limit_of(call);
  if (!limit) co_return std::move(limit.error());
  auto words = text_of(call, "q", kMaxWords);
  if (!words) co_return std::move(words.error());
  ChatSessionFilter filter;
  if (!sees_all(call.caller)) filter.principal = call.caller.principal;
  filter.words = *std::move(words);
  filter.cursor = call.query("cursor");
  filter.limit = *limit;
  auto listing = self->transcripts->list(std::move(filter));
  const auto page = co_await std::move(listing);
  if (!page && page.error().code == vx11::Errc::invalid_argument) {
    co_return invalid_query("cursor", "Input should be `next_cursor` of a page", "cursor");
  }
  if (!page) co_return storage_offline(page.error());
  json sessions = json::array();
  for (const ChatSession& session : page->sessions) sessions.push_back(to_json(session));
  json next = nullptr;
  if (!page->next.empty()) next = page->next;
  json body = {{"sessions", std::move(sessions)},
               {"total", page->total},
               {"has_more", !page->next.empty()},
               {"next_cursor", std::move(next)}};
  co_return ApiAnswer(std::move(body));
}

Task<ApiAnswer> show(Shared self, const ApiCall& call) {
  if (auto refused = without_scope(call.caller)) co_return *std::move(refused);
  auto finding = self->transcripts->find(call.path_argument("id"), call.caller.principal,
                                         sees_all(call.caller));
  const auto transcript = co_await std::move(finding);
  if (!transcript) co_return storage_offline(transcript.error());
  if (!*transcript) co_return refusal(404, "not_found");
  json body = to_json((*transcript)->session);
  body["messages"] = messages_of(**transcript);
  co_return ApiAnswer(std::move(body));
}

/// What the gateway's answer to the deletion means.
struct GatewayDeletion {
  bool was_there = false;
  std::optional<ApiAnswer> failure = {};
};

GatewayDeletion deletion_of(const vx11::Result<vx11::HttpResponse>& answer) {
  GatewayDeletion deletion;
  if (!answer) {
    deletion.failure = service_offline("tentaculo_link", to_string(answer.error().code),
                                       "The gateway cannot be reached; nothing was deleted.");
  } else if (answer->status == 401 || answer->status == 403) {
    deletion.failure =
        refusal(answer->status, answer->status == 401 ? "invalid_token" : "forbidden",
                "The gateway refuses it; nothing was deleted.");
  } else if (!answer->ok() && answer->status != 404) {
    deletion.failure = service_offline("tentaculo_link", "invalid_reply",
                                       "The gateway could not delete it; nothing was deleted.");
  } else {
    deletion.was_there = answer->ok();
  }
  return deletion;
}

AuditEntry entry_of(const ApiCall& call, const std::string& id, const char* outcome) {
  AuditEntry entry(call.caller, "session.delete", id, call.correlation_id);
  entry.outcome = outcome;
  return entry;
}

Task<ApiAnswer> note_failure(Shared self, AuditEntry entry, ApiAnswer answer) {
  auto noting = self->audit->add(std::move(entry));
  const auto noted = co_await std::move(noting);
  if (!noted) co_return storage_offline(noted.error());
  co_return answer;
}

/// Stores the entry with the deletion, if anything was deleted.
struct Recording {
  Recording(std::shared_ptr<AuditStore> log, AuditEntry what, bool was_at_gateway)
      : audit(std::move(log)), entry(std::move(what)), was_there(was_at_gateway) {}
  void operator()(Connection& connection, bool was_here) const {
    if (was_here || was_there) audit->add_within(connection, entry);
  }

  std::shared_ptr<AuditStore> audit;
  AuditEntry entry;
  bool was_there;
};

Task<ApiAnswer> erase_here(Shared self, const ApiCall& call, std::string id, bool was_there) {
  Recording recording(self->audit, entry_of(call, id, "done"), was_there);
  auto erasing = self->transcripts->erase(id, call.caller.principal, std::move(recording));
  const auto erased = co_await std::move(erasing);
  if (!erased) {
    ApiAnswer failed = storage_offline(erased.error());
    if (was_there) {
      failed.body["message"] =
          "The gateway has deleted it; its transcript here could not be deleted: try again.";
    }
    co_return failed;
  }
  if (!*erased && !was_there) co_return refusal(404, "not_found");
  vx11::StreamedResponse nothing(vx11::HttpResponse(204), nullptr);
  ApiAnswer done(std::move(nothing));
  done.status = 204;
  co_return done;
}

/// At the gateway first: what is left after a failure is still in the list here, and can be deleted
/// again.
Task<ApiAnswer> erase(Shared self, const ApiCall& call) {
  if (self->read_only) {
    co_return off_by_policy({.service = "sessions",
                             .message = "This backend is read-only; nothing was deleted.",
                             .reason = "read_only",
                             .recommended_action = "Set console.read_only = false."});
  }
  const std::string id = call.path_argument("id");
  if (id.empty() || id.size() > kMaxSessionId) co_return refusal(404, "not_found");
  GatewayRequest request("DELETE", "/operator/session/" + percent_encoded(id), call.caller,
                         call.correlation_id);
  auto asking = self->gateway->send(std::move(request), call.deadline);
  const auto answered = co_await std::move(asking);
  GatewayDeletion deletion = deletion_of(answered);
  if (deletion.failure) {
    auto noting = note_failure(self, entry_of(call, id, "failed"), *std::move(deletion.failure));
    co_return co_await std::move(noting);
  }
  auto erasing = erase_here(self, call, id, deletion.was_there);
  co_return co_await std::move(erasing);
}

}  // namespace

ApiRoutes session_routes(const Parts& parts, std::shared_ptr<TranscriptStore> transcripts,
                         std::shared_ptr<AuditStore> audit, bool read_only) {
  const auto self = std::make_shared<const SessionEndpoints>(
      SessionEndpoints{parts.gateway, std::move(audit), std::move(transcripts), read_only});
  ApiRoutes routes;
  routes.push_back(
      ApiRoute{"GET", "/sessions", [self](const ApiCall& call) { return list(self, call); }, {}});
  routes.push_back(ApiRoute{
      "GET", "/sessions/{id}", [self](const ApiCall& call) { return show(self, call); }, {}});
  const vx11::Scopes chat{Scope::chat};
  routes.push_back(ApiRoute{"DELETE",
                            "/sessions/{id}",
                            [self](const ApiCall& call) { return erase(self, call); },
                            {.scopes = chat}});
  return routes;
}

}  // namespace backend
