#pragma once

/// \file
/// The client of Redis that the parts of the gateway share, and the sessions kept there.

#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/session_store.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/config/config.hpp"
#include "gateway/settings/config_load.hpp"

namespace gateway {

/// `url` with the password of `[redis]`, if it has one. The user of the URL stays.
std::string with_password(std::string_view url, const RedisConfig& config);

/// The port of the first server that `url` names.
std::uint16_t first_port(std::string_view url);

/// The client for `url`, by the settings of `[redis]`. Connects to nothing yet.
/// \param events receives those of the client
/// \return `invalid_argument`, which repeats nothing of the URL
vx11::Result<std::shared_ptr<vx11::RedisClient>> make_redis(std::string_view url,
                                                            const RedisConfig& config,
                                                            vx11::SharedEvents events = {});

/// \return `storage` or `invalid_argument` if the keys for encryption cannot be used
vx11::Result<std::shared_ptr<vx11::SessionStore>> make_redis_sessions(
    std::shared_ptr<vx11::RedisClient> client, const GatewayConfig& config);

/// Reads the passwords from their files, and reports what is wrong with sessions in Redis.
void settle_redis(LoadedConfig& loaded);

}  // namespace gateway
