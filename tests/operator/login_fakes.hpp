#pragma once

// A gateway that confirms tokens, and stores in memory, for tests of logins.

#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/events/event_store.hpp"
#include "operator/gateway/gateway_client.hpp"
#include "operator/logins/login_store.hpp"
#include "operator/parts/audit_log.hpp"

namespace login_fakes {

using vx11::Result;
using vx11::Task;

/// Answers whoami for the tokens of `good`; is away while `is_away`.
class FakeGateway final : public backend::GatewayClient {
 public:
  Task<Result<vx11::HttpResponse>> send(backend::GatewayRequest request, vx11::Deadline) override {
    asked.push_back(request);
    if (on_asked) on_asked();
    if (is_away) co_return vx11::fail(vx11::Errc::unreachable, "no");
    if (!odd.empty()) co_return vx11::HttpResponse(200, "application/json", odd);
    const auto found = good.find(request.token);
    if (found != good.end()) co_return vx11::HttpResponse(200, "application/json", found->second);
    co_return vx11::HttpResponse(refusal, "application/json", "{}");
  }
  Task<Result<vx11::StreamedResponse>> open(backend::GatewayRequest, vx11::Deadline) override {
    co_return vx11::fail(vx11::Errc::unreachable, "no");
  }

  bool is_away = false;
  std::function<void()> on_asked = {};  ///< While the answer is awaited.
  int refusal = 403;
  std::string odd = {};  ///< Answered to all.
  std::map<std::string, std::string> good = {
      {"anna-token", R"({"principal":"anna","scopes":["status","power:write"],"expires":null})"},
      {"ben-token", R"({"principal":"ben","scopes":["status"],"expires":"2025-12-28T13:34:56Z"})"}};
  std::vector<backend::GatewayRequest> asked = {};
};

class MemoryLoginStore final : public backend::LoginStore {
 public:
  using Digests = std::vector<std::string>;

  Task<Result<Digests>> add(backend::LoginRow row, std::size_t most) override {
    if (is_broken) co_return broken();
    const std::string principal = row.principal;
    rows.push_back(std::move(row));
    Digests removed;
    while (count(principal) > most) removed.push_back(take_first(principal));
    co_return removed;
  }
  Task<Result<std::optional<backend::LoginRow>>> find(std::string digest) override {
    if (is_broken) co_return broken();
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [&](const auto& row) { return row.digest == digest; });
    if (found == rows.end()) co_return std::nullopt;
    co_return *found;
  }
  Task<Result<bool>> remove(std::string digest) override {
    if (is_broken) co_return broken();
    co_return std::erase_if(rows, [&](const auto& row) { return row.digest == digest; }) != 0;
  }
  Task<Result<Digests>> remove_all(std::string principal) override {
    Digests removed;
    while (count(principal) > 0) removed.push_back(take_first(principal));
    co_return removed;
  }
  Task<Result<std::vector<backend::LoginRow>>> expire(vx11::WallTime now) override {
    std::vector<backend::LoginRow> removed;
    for (const auto& row : rows) {
      if (row.expires <= now) removed.push_back(row);
    }
    std::erase_if(rows, [&](const auto& row) { return row.expires <= now; });
    co_return removed;
  }

  bool is_broken = false;
  std::vector<backend::LoginRow> rows = {};

 private:
  static tl::unexpected<vx11::Error> broken() { return vx11::fail(vx11::Errc::storage, "no"); }
  std::size_t count(const std::string& principal) const {
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [&](const auto& row) { return row.principal == principal; }));
  }
  std::string take_first(const std::string& principal) {
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [&](const auto& row) { return row.principal == principal; });
    std::string digest = found->digest;
    rows.erase(found);
    return digest;
  }
};

class MemoryAudit final : public backend::AuditLog {
 public:
  Task<Result<void>> add(backend::AuditEntry entry) override {
    if (is_broken) co_return vx11::fail(vx11::Errc::storage, "no");
    entries.push_back(std::move(entry));
    co_return Result<void>();
  }
  /// Action and outcome of each, such as "login done".
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& entry : entries) lines.push_back(entry.action + " " + entry.outcome);
    return lines;
  }
  bool is_broken = false;
  std::vector<backend::AuditEntry> entries = {};
};

class MemoryEvents final : public backend::EventStore {
 public:
  Task<Result<std::uint64_t>> add(backend::NewEvent event) override {
    types.push_back(event.type);
    co_return types.size();
  }
  Task<Result<backend::EventPage>> list(backend::EventFilter) override {
    co_return backend::EventPage();
  }
  Task<Result<std::vector<backend::StoredEvent>>> after(std::uint64_t, std::size_t) override {
    co_return std::vector<backend::StoredEvent>();
  }
  Task<Result<std::optional<backend::EventRange>>> range() override { co_return std::nullopt; }
  std::shared_ptr<void> listen(backend::EventListener) override { return {}; }
  std::vector<std::string> types = {};
};

}  // namespace login_fakes
