#pragma once

/// \file
/// Everything but the adapters, stores and probes that need a library of their own.

#include <vx11/auth.hpp>
#include <vx11/chat.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/clock.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/http_message.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/result.hpp>
#include <vx11/router.hpp>
#include <vx11/session.hpp>
#include <vx11/session_store.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/task.hpp>
#include <vx11/transport.hpp>
#include <vx11/transport/in_process.hpp>
#include <vx11/version.hpp>
