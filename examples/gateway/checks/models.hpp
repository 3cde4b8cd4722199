#pragma once

/// \file
/// The model names of the OpenAI chat API.

#include <vx11/result.hpp>
#include <vx11/router.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

using Models = std::map<std::string, std::shared_ptr<const vx11::Router>, std::less<>>;

/// A router with a name of its own: over a single target or group, or a route.
struct NamedRouter {
  std::string name;
  vx11::Router router;
};

/// What is wrong with an alias, `NAME=MODEL`; empty if nothing is.
/// \param exists whether a name is that of a model, or of an alias before this one
std::string mistake_of_alias(std::string_view alias,
                             const std::function<bool(std::string_view)>& exists);

/// `vx11` is the chain of chats, `vx11/NAME` one of the others.
/// \param aliases each `NAME=MODEL`: another name of a model
/// \return `invalid_argument` for an alias with a mistake
vx11::Result<Models> make_models(const std::vector<std::string>& aliases, const vx11::Router& chain,
                                 const std::vector<NamedRouter>& others);

/// The models that have embeddings.
/// \param aliases those of `make_models`; one of a model without embeddings has none
/// \param routers by the whole names of models
Models make_embeddings(const std::vector<std::string>& aliases,
                       const std::vector<NamedRouter>& routers);

}  // namespace gateway
