// Base URLs of upstreams and the URL of Redis: what is accepted is canonical, and a refusal does
// not repeat the text, which may hold a password.

#include <vx11/url.hpp>

#include <string>
#include <string_view>

#include "fuzz.hpp"
#include "redis/url.hpp"

namespace {

/// A password that no message contains by chance.
const std::string kSecret = "zq9-marker";

void check_refusal(const vx11::Error& error) {
  fuzz::require(error.code == vx11::Errc::invalid_argument, "a bad URL is our caller's mistake");
  fuzz::require(!error.detail.empty(), "a refusal says why");
  fuzz::require(error.detail.find(kSecret) == std::string::npos, "a refusal repeats no password");
}

void check_base_url(std::string_view text) {
  const auto url = vx11::Url::parse(text);
  if (!url) return check_refusal(url.error());
  fuzz::require(!url->host().empty() && url->port() != 0, "there is a host and a port");
  fuzz::require(url->text().find_first_of(" \r\n\t@?#") == std::string::npos, "an origin, no more");
  fuzz::require(vx11::Url::parse(url->text()) == url, "a URL stays as it is");
}

void check_redis_url(std::string_view text) {
  const auto url = vx11::parse_redis_url(text);
  if (!url) return check_refusal(url.error());
  fuzz::require(!url->host.empty() && url->port != 0, "there is a host and a port");
  const bool is_ip6 = url->host.find(':') != std::string::npos;
  std::string plain = "redis://" + (is_ip6 ? "[" + url->host + "]" : url->host);
  plain += ":" + std::to_string(url->port);
  if (url->database) plain += "/" + std::to_string(*url->database);
  const auto again = vx11::parse_redis_url(plain);
  fuzz::require(again.has_value(), "its parts make a URL");
  fuzz::require(again->host == url->host && again->port == url->port, "of the same server");
  fuzz::require(again->database == url->database, "and database");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_base_url(text);
  check_base_url("http://user:" + kSecret + "@" + std::string(text));
  check_redis_url(text);
  check_redis_url("redis://user:" + kSecret + "@" + std::string(text));
  return 0;
}
