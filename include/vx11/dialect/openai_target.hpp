#pragma once

/// \file
/// `make_openai_target`: a router target from a base URL and a key.

#include <vx11/dialect/openai.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/router.hpp>
#include <vx11/transport.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// A server of the OpenAI chat API.
struct OpenAiServer {
  std::string name = {};  ///< As `RouterTarget::name`.
  /// Base URL as clients of that API take it: `http://host[:port][/path][?query]`. A path replaces
  /// `OpenAiDialectOptions::base_path`; a query, such as `api-version=2024-10-21`, is sent with
  /// every request. `OpenAiDialectOptions::path` replaces both.
  std::string url = {};
  std::shared_ptr<Transport> transport = {};  ///< Required.
  std::string key = {};                       ///< Empty: none.
  /// The header of the key. `Authorization`, which most servers have: after `Bearer`. Any other,
  /// such as `api-key`: the key by itself.
  std::string key_header = "Authorization";
  OpenAiDialectOptions dialect = {};
};

/// The target for a server of the OpenAI chat API; change its other fields as needed:
///
/// ```cpp
/// auto llama = vx11::make_openai_target(
///     {.name = "llama",
///      .url = "http://127.0.0.1:8080/v1",
///      .transport = vx11::make_net_transport()});
/// auto router = vx11::Router::create({.targets = {llama.value()}});
/// ```
///
/// \return `invalid_argument` with every mistake of the dialect's options. `Router::create` checks
///         the rest.
VX11_API Result<RouterTarget> make_openai_target(OpenAiServer server);

}  // namespace v0
}  // namespace vx11
