#pragma once

/// \file
/// What the code blocks of doc comments and pages use without declaring it. Compiled, never linked.

#include <vx11/net/server.hpp>
#include <vx11/net/timer.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/vx11.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using vx11::AwaitedResult;
using vx11::CallResult;
using vx11::Deadline;
using vx11::Task;

struct Page {};
struct Response {
  int status = 200;
};
struct Client {
  Response get(const std::string& url);
  vx11::Task<vx11::Result<Response>> async_get(const std::string& url);
};
struct Config {
  std::uint32_t failures = 3;
};

bool call();
std::string contents_of(const std::string& path);
void come_back_after(vx11::Duration time);
vx11::Result<int> ask(vx11::Deadline deadline);
vx11::Result<Page> get(const std::string& url, vx11::Deadline deadline);
vx11::Result<Page> fetch(const std::string& url, vx11::Deadline deadline);

void refuse(const vx11::Error& error);

extern Client client;
extern Config config;
extern std::unique_ptr<vx11::BodyStream> body;
extern std::shared_ptr<vx11::OperatorApi> api;
extern std::shared_ptr<vx11::ChatCompletionsApi> completions;
extern std::string url;
extern vx11::Deadline deadline;
extern std::shared_ptr<vx11::Transport> http;
extern vx11::Result<Page> (&substitute)(const vx11::Result<Page>& failed);
extern vx11::CircuitBreaker& breaker;
extern vx11::Bulkhead& bulkhead;
extern vx11::RateLimiter& limiter;
extern vx11::Retry& retry;
extern vx11::Hedge& hedge;
