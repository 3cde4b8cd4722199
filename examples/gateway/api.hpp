#pragma once

/// \file
/// The parts of libvx11 that the configuration describes, connected to one handler.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <memory>

#include "gateway/config/config.hpp"

namespace gateway {

class Front;
struct Credentials;
struct GatewayState;

/// The operator endpoints, and the OpenAI chat API beside them.
/// \param front serves the handler, which must not be called after its end; its port is shown in
///              the status
/// \param credentials of `make_credentials`
/// \param state what lasts of the configuration before this one, and then what the next one gets;
///              after an error it must not be used
/// \return the first part's mistake, for example a key that cannot be read
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_api(const GatewayConfig& config,
                                                          const Front& front,
                                                          const Credentials& credentials,
                                                          GatewayState& state);
/// The same for the only configuration.
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_api(const GatewayConfig& config,
                                                          const Front& front,
                                                          const Credentials& credentials);

}  // namespace gateway
