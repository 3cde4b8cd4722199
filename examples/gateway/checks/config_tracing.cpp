#include "gateway/checks/config_tracing.hpp"

#include <vx11/net/transport.hpp>

#include <string>
#include <utility>

#include <fmt/format.h>

#include "gateway/checks/config_secrets.hpp"
#include "gateway/files/file_text.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

void read_headers(LoadedConfig& loaded, TracingConfig& tracing) {
  constexpr std::string_view kKey = "tracing.headers_file";
  const std::string& path = tracing.headers_file.value;
  if (path.empty()) return;
  auto text = file_text(path);
  if (!text) {
    return complain(loaded, kKey, unreadable(path, text.error()), Mistake::Kind::machine);
  }
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  HeaderLines read_lines;
  if (auto complaint = read(*text, read_lines)) {
    return complain(loaded, kKey, fmt::format("{}: {}", in_quotes(path), *complaint));
  }
  auto& fields = tracing.headers.fields;
  for (auto& field : read_lines.fields) fields.push_back(std::move(field));
}

void check_ca_file(LoadedConfig& loaded, const TracingConfig& tracing) {
  const std::string& path = tracing.ca_file.value;
  if (path.empty()) return;
  if (const auto text = file_text(path); !text) {
    return complain(loaded, "tracing.ca_file", unreadable(path, text.error()),
                    Mistake::Kind::machine);
  }
  const auto valid = vx11::validate(vx11::NetTransportOptions{.ca_file = path});
  if (!valid) {
    complain(loaded, "tracing.ca_file", valid.error().detail, Mistake::Kind::machine);
  }
}

}  // namespace

void settle_tracing(LoadedConfig& loaded) {
  TracingConfig& tracing = loaded.config.tracing;
  read_headers(loaded, tracing);
  check_ca_file(loaded, tracing);
  if (tracing.max_queue < tracing.max_batch) {
    complain(
        loaded, "tracing.max_queue",
        fmt::format("is below tracing.max_batch, {}; take as much at least", tracing.max_batch));
  }
}

}  // namespace gateway
