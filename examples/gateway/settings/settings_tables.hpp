#pragma once

/// \file
/// The settings by subject, and the fields that they are made of.

#include <vector>

#include "gateway/settings/field.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway {

template <class... Path>
Field field(Path... path) {
  return field_by([=](auto& config) -> auto& { return at(config, path...); });
}

/// A field with an inclusive range of values.
template <class Value, class... Path>
Field ranged(Value lowest, Value highest, Path... path) {
  return ranged_by(
      lowest, highest, [=](auto& config) -> auto& { return at(config, path...); });
}

/// `[auth.jwt]`.
std::vector<Setting> jwt_settings();
/// `[chat]`, `[completions]`, `[switch]`, `[madre]` and `[upstream]`.
std::vector<Setting> chat_settings();
/// `[intents]`, `[inee]` and `[hormiguero]`.
std::vector<Setting> intent_settings();
/// `[redis]`, `[power]`, `[status]`, `[sessions]`, `[limits]`, `[metrics]` and `[log]`.
std::vector<Setting> service_settings();
/// `[redis]`, a part of them.
std::vector<Setting> redis_settings();
/// The files of `[log]`, and `[idempotency]`.
std::vector<Setting> request_settings();
/// `[tracing]`.
std::vector<Setting> tracing_settings();
/// `[service_levels]`.
std::vector<Setting> service_level_settings();
/// `[limits]`, a part of them.
std::vector<Setting> limit_settings();

}  // namespace gateway
