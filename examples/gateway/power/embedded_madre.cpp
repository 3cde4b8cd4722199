#include "gateway/power/embedded_madre.hpp"

#include <vx11/power_state_client.hpp>

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gateway {

using vx11::HttpRequest;
using vx11::HttpResponse;

namespace {

constexpr std::string_view kHealth = R"({"status":"ok","module":"madre","mode":"embedded"})";
constexpr std::string_view kChat =
    R"({"response":"This is the madre embedded in the VX11 gateway. No model answers here, and )"
    R"(your message was not read by a model. Give the gateway a switch (--switch URL) or a madre )"
    R"((--madre URL) that can be reached.","mode":"embedded"})";
constexpr std::string_view kApplied =
    R"({"status":"applied","policy":"solo_madre","closed_windows":[],"stopped_services":[],)"
    R"("mode":"embedded"})";
constexpr std::string_view kNoWindows =
    R"({"detail":"the embedded madre opens no power windows; start the gateway with --madre",)"
    R"("error":"embedded_madre"})";
constexpr std::string_view kNoSuchWindow =
    R"({"detail":"no power window is open","error":"embedded_madre"})";
constexpr std::string_view kNoCommands =
    R"({"detail":"the embedded madre starts and stops no services; start the gateway with )"
    R"(--madre","error":"embedded_madre"})";
constexpr std::string_view kServices = "/madre/power/service/";

HttpResponse json(int status, std::string_view body) {
  return {status, "application/json", std::string(body)};
}

HttpResponse wrong_method(std::string allowed) {
  HttpResponse response = json(405, R"({"detail":"Method Not Allowed"})");
  response.headers.add("Allow", std::move(allowed));
  return response;
}

/// The names come from the library and need no escaping.
std::string list_of(const std::vector<std::string>& names) {
  if (names.empty()) return "[]";
  return fmt::format(R"(["{}"])", fmt::join(names, R"(",")"));
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

EmbeddedMadre::EmbeddedMadre(Redis redis) : running_{"madre", "tentaculo_link"} {
  if (redis == Redis::runs) running_.emplace_back("redis");
  for (const std::string& name : vx11::known_services()) {
    if (!contains(running_, name)) asleep_.push_back(name);
  }
}

vx11::Result<HttpResponse> EmbeddedMadre::operator()(const HttpRequest& request,
                                                     const vx11::Deadline& /*deadline*/) const {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  const auto get = [&](auto&& body) {
    return request.method == "GET" ? json(200, body) : wrong_method("GET");
  };
  const auto post = [&](int status, std::string_view body) {
    return request.method == "POST" ? json(status, body) : wrong_method("POST");
  };
  if (path == "/health") return get(kHealth);
  if (path == "/madre/chat") return post(200, kChat);
  if (path == "/madre/power/state") return get(power_state());
  if (path == "/madre/power/status") return get(power_status());
  if (path == "/madre/power/policy/solo_madre/status") return get(policy_status());
  if (path == "/madre/power/policy/solo_madre/apply") return post(200, kApplied);
  if (path == "/madre/power/window/open") return post(409, kNoWindows);
  if (path == "/madre/power/window/close") return post(404, kNoSuchWindow);
  if (path.starts_with(kServices)) return post(409, kNoCommands);
  return json(404, R"({"detail":"Not Found"})");
}

std::string EmbeddedMadre::power_state() const {
  return fmt::format(R"({{"policy":"solo_madre","active_windows":[],"running_services":{},)"
                     R"("available_services":{}}})",
                     list_of(running_), list_of(asleep_));
}

std::string EmbeddedMadre::power_status() const {
  std::string services;
  for (const std::string& name : vx11::known_services()) {
    services += fmt::format(R"({}"{}":"{}")", services.empty() ? "" : ",", name,
                            contains(running_, name) ? "running" : "stopped");
  }
  return fmt::format(R"({{"status":"ok","module":"madre","mode":"embedded","window_open":false,)"
                     R"("services":{{{}}}}})",
                     services);
}

std::string EmbeddedMadre::policy_status() const {
  return fmt::format(
      R"({{"policy":"solo_madre","active":true,"running_services":{},"extra_services":[],)"
      R"("mode":"embedded"}})",
      list_of(running_));
}

}  // namespace gateway
