#include "operator/logins/login_notes.hpp"

#include <vx11/session.hpp>

#include <string_view>

namespace backend {

namespace {

/// How each is written.
struct Words {
  std::string_view action;
  std::string_view outcome;
  std::string_view type;
  Severity severity;
  std::string_view summary;
};

Words words_of(LoginNote::What what) noexcept {
  using What = LoginNote::What;
  switch (what) {
    case What::begun:
      return {"login", "done", "login", Severity::info, "logged in"};
    case What::refused:
      return {"login", "refused", "login.refused", Severity::warn, "a login was refused"};
    case What::ended:
      return {"logout", "done", "logout", Severity::info, "logged out"};
    case What::expired:
      return {"logout", "done", "login.expired", Severity::info,
              "logged out: the login has expired"};
    case What::revoked:
      break;
  }
  return {"logout", "done", "login.revoked", Severity::warn,
          "logged out: the gateway refuses the token"};
}

/// Without the address, which is for the readers of the audit alone.
std::string summary_of(const LoginNote& note, const Words& words) {
  std::string text(words.summary);
  if (!note.who.principal.empty()) text = note.who.principal + " " + text;
  return text;
}

}  // namespace

vx11::Task<vx11::Result<void>> note_login(std::shared_ptr<AuditLog> audit,
                                          std::shared_ptr<EventStore> events, LoginNote note) {
  const Words words = words_of(note.what);
  AuditEntry entry(note.who, std::string(words.action), {}, note.correlation_id);
  entry.outcome = words.outcome;
  if (note.what == LoginNote::What::ended) entry.detail["logins"] = note.count;
  if (note.what == LoginNote::What::revoked) entry.detail["reason"] = "token_refused";
  if (note.what == LoginNote::What::expired) entry.detail["reason"] = "expired";
  if (!note.reason.empty()) entry.detail["reason"] = note.reason;
  auto adding = audit->add(std::move(entry));
  auto added = co_await std::move(adding);
  if (!added) co_return added;
  NewEvent event;
  event.type = words.type;
  event.severity = words.severity;
  event.module = "operator_backend";
  event.summary = summary_of(note, words);
  event.correlation_id = note.correlation_id;
  if (!note.reason.empty()) event.payload["reason"] = note.reason;
  auto storing = events->add(std::move(event));
  const auto stored = co_await std::move(storing);
  if (!stored) co_return vx11::fail(stored.error());
  co_return vx11::Result<void>();
}

vx11::Task<vx11::Result<void>> expire_logins(std::shared_ptr<Logins> logins,
                                             std::shared_ptr<AuditLog> audit,
                                             std::shared_ptr<EventStore> events) {
  auto expiring = logins->expire();
  const auto expired = co_await std::move(expiring);
  if (!expired) co_return vx11::fail(expired.error());
  for (const LoginRow& row : *expired) {
    Caller who;
    who.principal = row.principal;
    LoginNote note(std::move(who), LoginNote::What::expired, vx11::make_uuid());
    auto noting = note_login(audit, events, std::move(note));
    auto noted = co_await std::move(noting);
    if (!noted) co_return noted;
  }
  co_return vx11::Result<void>();
}

}  // namespace backend
