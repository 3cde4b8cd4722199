#include "fallback_rules.hpp"

#include <functional>
#include <string>
#include <utility>

namespace vx11::c {
namespace {

std::function<bool(const HttpResponse&)> read_condition(Fields& fields) {
  std::string when;
  fields.read("when", when);
  if (when == "context_too_long") return says_context_too_long;
  if (when == "content_refused") return says_content_refused;
  if (fields.has("when")) fields.mistake("when", "is neither context_too_long nor content_refused");
  return {};
}

FallbackRule read_rule(Fields fields) {
  FallbackRule rule;
  fields.read("statuses", rule.statuses);
  rule.matches = read_condition(fields);
  fields.read("next", rule.next);
  fields.end();
  return rule;
}

}  // namespace

std::vector<FallbackRule> read_fallback_rules(Fields& fields) {
  std::vector<FallbackRule> rules;
  for (Fields& each : fields.objects("fallback_rules")) {
    rules.push_back(read_rule(std::move(each)));
  }
  return rules;
}

}  // namespace vx11::c
