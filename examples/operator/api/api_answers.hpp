#pragma once

/// \file
/// The answers that several routes give, and the reading of JSON bodies. Internal.

#include <vx11/result.hpp>

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "operator/api/api_routes.hpp"

namespace backend {

/// `{"error":word,"status_code":status}`, and `message` if it is not empty.
ApiAnswer refusal(int status, std::string_view word, std::string_view message = {});

/// 403 for what a policy does not allow: `status` is `OFF_BY_POLICY`, as pages test it.
struct PolicyRefusal {
  std::string service = {};  ///< What was to be changed: "switch", "settings".
  std::string message = {};
  std::string reason = {};  ///< A word: "read_only", "missing_scope".
  std::string recommended_action = {};
};
ApiAnswer off_by_policy(const PolicyRefusal& refusal);

/// 503 while `module` cannot be asked, with Retry-After.
ApiAnswer service_offline(std::string_view module, std::string_view reason,
                          std::string_view message);

/// 503 for an error of the database.
ApiAnswer storage_offline(const vx11::Error& error);

/// 422 as the gateway's: `{"detail":[{"loc":["body",member],"msg":message,"type":type}]}`.
/// \param member empty: the body as a whole
ApiAnswer unprocessable(std::string_view member, std::string_view message, std::string_view type);

/// The body as a JSON object. An empty body is an empty object.
/// \return 415 for another media type, 422 for what is no object, in UTF-8, or nests too deep
tl::expected<nlohmann::json, ApiAnswer> json_object(const ApiCall& call);

/// As text; bytes that are no UTF-8 are replaced.
std::string to_text(const nlohmann::json& json);

}  // namespace backend
