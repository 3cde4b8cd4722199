#pragma once

/// \file
/// The answers of `POST /admin/reload`, `PUT /admin/log-level` and `POST /admin/revocations`.

#include <vx11/http_message.hpp>
#include <vx11/redis/revocations.hpp>
#include <vx11/task.hpp>

#include <memory>
#include <string>
#include <vector>

#include "gateway/log/log_level.hpp"

namespace gateway {

/// The result of reading the configuration again.
struct ReloadResult {
  /// Why nothing was changed; empty: the new configuration is in force.
  std::vector<std::string> mistakes = {};
  std::vector<std::string> warnings = {};
  std::vector<std::string> needs_restart = {};  ///< Keys of settings that were not taken over.
};

/// 200, or 422 with the mistakes.
vx11::HttpResponse answer_of(const ReloadResult& result);

/// Sets the level that `body` names: `{"level":"debug","for":"10m"}`. Without `for` it stays for
/// ten minutes.
/// \return 200, or 422 with the mistake
vx11::HttpResponse set_log_level(LogLevelControl& control, const std::string& body);
/// Carries out a `POST /admin/revocations` with this body.
vx11::Task<vx11::HttpResponse> revoke(std::shared_ptr<vx11::RedisRevocations> revocations,
                                      std::string body);

}  // namespace gateway
