#pragma once

/// \file
/// The model names of the OpenAI chat API.

#include <vx11/result.hpp>
#include <vx11/router.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gateway {

using Models = std::map<std::string, std::shared_ptr<const vx11::Router>, std::less<>>;

/// `vx11` is the whole chain, `vx11/NAME` its target of that name alone.
/// \param aliases each `NAME=MODEL`: another name of a model
/// \param alone   makes the router of one target
/// \return `invalid_argument` for an alias of an unknown model
vx11::Result<Models> make_models(
    const std::vector<std::string>& aliases, const vx11::Router& chain,
    const std::vector<vx11::RouterTarget>& targets,
    const std::function<vx11::Result<vx11::Router>(std::vector<vx11::RouterTarget>)>& alone);

}  // namespace gateway
