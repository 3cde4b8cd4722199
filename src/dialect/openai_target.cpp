#include <vx11/dialect/openai_target.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

/// Takes path and query off `url`.
std::string take_path(std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = std::min(url.find_first_of("/?", host), url.size());
  std::string path = url.substr(at);
  url.resize(at);
  return path;
}

/// The base path of a URL; the path of `own` if the URL has only a query.
std::string base_path_of(const std::string& path, const std::string& own) {
  const std::size_t mark = std::min(path.find('?'), path.size());
  if (mark > 1) return path;
  std::string query = path.substr(mark);
  if (!query.empty() && own.find('?') != std::string::npos) query.front() = '&';
  return own + query;
}

}  // namespace

Result<RouterTarget> make_openai_target(OpenAiServer server) {
  server.dialect.base_path = base_path_of(take_path(server.url), server.dialect.base_path);
  auto dialect = openai_dialect(std::move(server.dialect));
  if (!dialect) return fail(std::move(dialect.error()));
  RouterTarget target{.name = std::move(server.name),
                      .url = std::move(server.url),
                      .transport = std::move(server.transport),
                      .dialect = *std::move(dialect)};
  if (server.key.empty()) return target;
  const bool is_bearer = equals_ignoring_case(server.key_header, "Authorization");
  target.headers.add(server.key_header, is_bearer ? "Bearer " + server.key : server.key);
  return target;
}

}  // namespace v0
}  // namespace vx11
