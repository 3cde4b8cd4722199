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

/// Targets with a name of their own: a single one, or a route.
struct NamedChain {
  std::string name = {};
  std::vector<vx11::RouterTarget> targets = {};
};

/// What is wrong with an alias, `NAME=MODEL`; empty if nothing is.
/// \param exists whether a name is that of a model, or of an alias before this one
std::string mistake_of_alias(std::string_view alias,
                             const std::function<bool(std::string_view)>& exists);

/// `vx11` is the chain of chats, `vx11/NAME` a target alone or a route.
/// \param aliases     each `NAME=MODEL`: another name of a model
/// \param router_over makes the router of some targets
/// \return `invalid_argument` for an alias with a mistake
vx11::Result<Models> make_models(
    const std::vector<std::string>& aliases, const vx11::Router& chain,
    const std::vector<NamedChain>& others,
    const std::function<vx11::Result<vx11::Router>(std::vector<vx11::RouterTarget>)>& router_over);

/// The routers for embeddings.
/// \param aliases those of `make_models`; one of a model without embeddings has none
/// \param chains  by the whole names of models
vx11::Result<Models> make_embeddings(
    const std::vector<std::string>& aliases, const std::vector<NamedChain>& chains,
    const std::function<vx11::Result<vx11::Router>(std::vector<vx11::RouterTarget>)>& router_over);

}  // namespace gateway
