#pragma once

/// \file
/// The dialects that translate chats, for a model "m".

#include <vx11/dialect/anthropic.hpp>
#include <vx11/dialect/ollama.hpp>

#include <memory>
#include <string>
#include <utility>

namespace translating_dialects {

using Dialect = std::shared_ptr<const vx11::ChatDialect>;

inline Dialect ollama(std::string extra = "{}") {
  return vx11::ollama_dialect({.model = "m", .extra_json = std::move(extra)}).value();
}
inline Dialect anthropic(std::string extra = "{}") {
  return vx11::anthropic_dialect({.model = "m", .extra_json = std::move(extra)}).value();
}

}  // namespace translating_dialects
