#pragma once

/// \file
/// What the parts of the transport suite have in common.

#include <vx11/socket/name_lookup.hpp>
#include <vx11/transport.hpp>
#include <vx11/transport/counters.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "fake_http_server.hpp"

namespace transport_suite_parts {

using namespace std::chrono_literals;
using fake_http_server::answer_of;
using fake_http_server::FakeHttpServer;
using fake_http_server::Peer;
using fake_http_server::Script;
using vx11::Deadline;
using vx11::Duration;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Result;
using vx11::SteadyClock;
using vx11::Transport;

/// The settings of a transport under test.
struct TransportSettings {
  Duration connect_timeout = 5s;
  std::size_t max_response_bytes = 1 << 20;
  vx11::NameLookup look_up = {};
  Duration name_cache = 30s;
  Duration resend_within = 10s;
  std::shared_ptr<vx11::TransportCounters> counters = {};
};

using MakeTransport = std::function<std::shared_ptr<Transport>(const TransportSettings&)>;

/// Far longer than any step here takes, far shorter than the test's time limit.
constexpr Duration kSoon = 10s;

inline Deadline in(Duration limit, std::stop_token stop = {}) {
  return Deadline::after(SteadyClock().now(), limit, std::move(stop));
}

inline Result<HttpResponse> send(Transport& transport, const HttpRequest& request,
                                 Deadline deadline = in(kSoon)) {
  return vx11::sync_wait(transport.send(request, std::move(deadline)));
}

inline Result<HttpResponse> get(Transport& transport, const std::string& origin,
                                Deadline deadline = in(kSoon)) {
  return send(transport, HttpRequest("GET", origin, "/"), std::move(deadline));
}

inline HttpRequest post(const std::string& origin, std::string body) {
  HttpRequest request("POST", origin, "/");
  request.body = std::move(body);
  return request;
}

/// The code of a failure; none if there was an answer.
inline std::optional<Errc> code_of(const Result<HttpResponse>& answer) {
  if (answer) return std::nullopt;
  CHECK_FALSE(answer.error().detail.empty());
  return answer.error().code;
}

/// How `transport` takes an answer of exactly these bytes, after which the server hangs up.
inline std::optional<Errc> code_for(Transport& transport, const std::string& bytes) {
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    peer.send(bytes);
  }));
  return code_of(get(transport, server.origin()));
}

/// How it takes a server that does this after it has read the request, within a short deadline.
inline std::optional<Errc> code_within(Transport& transport, Duration limit, Script then) {
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    then(peer);
  }));
  return code_of(get(transport, server.origin(), in(limit)));
}

}  // namespace transport_suite_parts
