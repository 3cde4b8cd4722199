#include <vx11/dialect/openai_target.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

/// Takes the path off `url`.
std::string take_path(std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t at = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  std::string path = url.substr(std::min(at, url.size()));
  url.resize(std::min(at, url.size()));
  return path;
}

}  // namespace

Result<RouterTarget> make_openai_target(OpenAiServer server) {
  if (std::string path = take_path(server.url); path.size() > 1) {
    server.dialect.base_path = std::move(path);
  }
  auto dialect = openai_dialect(std::move(server.dialect));
  if (!dialect) return fail(std::move(dialect.error()));
  RouterTarget target{.name = std::move(server.name),
                      .url = std::move(server.url),
                      .transport = std::move(server.transport),
                      .dialect = *std::move(dialect)};
  if (!server.key.empty()) target.headers.add("Authorization", "Bearer " + server.key);
  return target;
}

}  // namespace v0
}  // namespace vx11
