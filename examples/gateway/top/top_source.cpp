#include "gateway/top/top_source.hpp"

#include <vx11/net/transport.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/top/top_unix.hpp"

namespace gateway {

namespace {

using nlohmann::json;
using vx11::Result;

constexpr std::chrono::seconds kLimit(2);
constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kMostBytes = std::size_t{64} * 1024 * 1024;

/// GET of a path with the token.
using Get = std::function<Result<vx11::HttpResponse>(const char* path, const std::stop_token&)>;

/// The header field of a credential: a JWT has its own.
std::pair<std::string, std::string> field_of(const std::string& token) {
  const bool is_jwt = token.starts_with("eyJ");
  return {is_jwt ? "Authorization" : "x-vx11-token", is_jwt ? "Bearer " + token : token};
}

vx11::HttpRequest request_of(const std::string& origin, const char* path,
                             const std::string& token) {
  vx11::HttpRequest request("GET", origin, path);
  if (token.empty()) return request;
  const auto [name, value] = field_of(token);
  request.headers.add(name, value);
  return request;
}

Result<Get> over_network(const TopOptions& options) {
  const auto url = vx11::Url::parse(options.url);
  if (!url) return vx11::fail(url.error());
  vx11::NetTransportOptions net;
  net.ca_file = options.ca_file;
  net.max_body_bytes = kMostBytes;
  if (const auto valid = vx11::validate(net); !valid) return vx11::fail(valid.error());
  return
      [transport = std::shared_ptr<vx11::Transport>(vx11::make_net_transport(std::move(net))),
       origin = url->text(), token = options.token](const char* path, const std::stop_token& stop) {
        const vx11::HttpRequest request = request_of(origin, path, token);
        const auto until = vx11::Deadline::after(vx11::SteadyClock().now(), kLimit, stop);
        return vx11::sync_wait(transport->send(request, until));
      };
}

Get over_unix(const TopOptions& options) {
  const auto [name, value] = field_of(options.token);
  const bool has_token = !options.token.empty();
  return [socket = options.url.substr(std::min(kUnix.size(), options.url.size())),
          header = has_token ? fmt::format("{}: {}\r\n", name, value) : std::string()](
             const char* path, const std::stop_token& stop) {
    return get_over_unix(socket, path, header, kLimit, stop);
  };
}

std::string reason_of(int status, bool has_token) {
  const bool is_about_token = status == 401 || status == 403;
  if (is_about_token && has_token) {
    return fmt::format("the gateway refuses the token ({}): it needs the scope metrics", status);
  }
  if (is_about_token) {
    return fmt::format("the gateway asks for a token ({}): give --token-file FILE", status);
  }
  if (status == 404) return "no GET /metrics there (404): is it the address of a vx11-gateway?";
  return fmt::format("GET /metrics is answered with status {}", status);
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  const bool is_text = found != object.end() && found->is_string();
  return is_text ? found->get<std::string>() : std::string();
}

}  // namespace

void read_status(const std::string& body, TopSample& into) {
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("status")) return;
  into.status = text_of(answer, "status");
  const auto components = answer.find("components");
  if (components == answer.end() || !components->is_object()) return;
  for (const auto& [name, component] : components->items()) {
    if (!component.is_object()) continue;
    std::string status = text_of(component, "status");
    const bool is_unused = status == "unknown" && text_of(component, "reason") == "not_configured";
    if (!status.empty() && !is_unused) into.components.emplace_back(name, std::move(status));
  }
}

namespace {

Result<TopSample> read(const Get& get, bool has_token, const std::stop_token& stop) {
  auto metrics = get("/metrics", stop);
  if (!metrics) return vx11::fail(std::move(metrics.error()));
  if (metrics->status != 200) {
    return vx11::fail(vx11::Errc::unavailable, reason_of(metrics->status, has_token));
  }
  TopSample sample;
  sample.at = vx11::SteadyClock().now();
  sample.time = vx11::WallClock().now();
  sample.metrics = MetricSnapshot::parse(metrics->body);
  if (sample.metrics.samples().empty()) {
    return vx11::fail(vx11::Errc::unavailable, "GET /metrics is answered without a metric");
  }
  if (!has_token) return sample;
  const auto status = get("/operator/status", stop);
  if (status && status->status == 200) read_status(status->body, sample);
  return sample;
}

}  // namespace

Result<TopSource> make_top_source(const TopOptions& options) {
  Get get = over_unix(options);
  if (!options.url.starts_with(kUnix)) {
    auto made = over_network(options);
    if (!made) return vx11::fail(std::move(made.error()));
    get = *std::move(made);
  }
  return [get = std::move(get), has_token = !options.token.empty()](const std::stop_token& stop) {
    return read(get, has_token, stop);
  };
}

}  // namespace gateway
