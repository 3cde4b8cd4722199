#include "journal.hpp"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

namespace upstream {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxKeys = 1000;  // bounds memory if a client sends many distinct paths

json counts_json(const Journal::Counts& counts) {
  json out = {{"total", counts.total},
              {"connections", counts.connections},
              {"open", counts.open},
              {"abandoned", counts.abandoned}};
  for (const auto& [key, count] : counts.requests) out[key] = count;
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Removes the first line of `text`.
std::string_view next_line(std::string_view& text) {
  const auto end = text.find("\r\n");
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

json headers_of(std::string_view head) {
  json headers = json::object();
  while (!head.empty()) {
    const auto line = next_line(head);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = lower_case(line.substr(0, colon));
    const std::string value(trimmed(line.substr(colon + 1)));
    headers[name] =
        headers.contains(name) ? headers[name].get<std::string>() + ", " + value : value;
  }
  return headers;
}

json last_json(const Journal::Last& last) {
  if (last.head.empty()) return nullptr;
  std::string_view rest = last.head;
  const auto line = next_line(rest);
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  return {{"method", line.substr(0, method_end)},
          {"target", line.substr(method_end + 1, target_end - method_end - 1)},
          {"headers", headers_of(rest)},
          {"body", last.body}};
}

/// A request may hold any bytes; the result is valid JSON nevertheless.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

void Journal::connected() {
  const std::lock_guard lock(mutex_);
  ++counts_.connections;
  ++counts_.open;
}

void Journal::disconnected() {
  const std::lock_guard lock(mutex_);
  --counts_.open;
}

void Journal::abandoned() {
  const std::lock_guard lock(mutex_);
  ++counts_.abandoned;
}

void Journal::note(const Request& request) {
  const std::lock_guard lock(mutex_);
  ++counts_.total;
  key_.assign(request.method).append(1, ' ').append(request.path);
  auto entry = counts_.requests.find(key_);
  if (entry == counts_.requests.end()) {
    if (counts_.requests.size() >= kMaxKeys) key_ = "other";
    entry = counts_.requests.try_emplace(key_, 0).first;
  }
  ++entry->second;
  last_.head.assign(request.head);
  last_.body.assign(request.body);
}

void Journal::reset() {
  const std::lock_guard lock(mutex_);
  const auto open = counts_.open;
  counts_ = {};
  counts_.open = open;
  last_ = {};
}

Journal::Counts Journal::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Journal::Last Journal::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

std::string Ledger::counts() const {
  const auto madre_counts = madre.counts();
  const auto switch_counts = switch_.counts();
  const auto models_counts = models.counts();
  const auto hormiguero_counts = hormiguero.counts();
  return dump({{"total", madre_counts.total + switch_counts.total + models_counts.total +
                             hormiguero_counts.total},
               {"madre", counts_json(madre_counts)},
               {"switch", counts_json(switch_counts)},
               {"models", counts_json(models_counts)},
               {"hormiguero", counts_json(hormiguero_counts)}});
}

std::string Ledger::last() const {
  return dump({{"madre", last_json(madre.last())},
               {"switch", last_json(switch_.last())},
               {"models", last_json(models.last())},
               {"hormiguero", last_json(hormiguero.last())}});
}

void Ledger::reset() {
  madre.reset();
  switch_.reset();
  models.reset();
  hormiguero.reset();
}

}  // namespace upstream
