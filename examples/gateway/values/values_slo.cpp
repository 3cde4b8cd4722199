// Values of `[slo.NAME]`.
#include "gateway/values/value_words.hpp"

namespace gateway {

namespace {

constexpr Words<SloKind, 3> kKinds{{{"availability", SloKind::availability},
                                    {"latency", SloKind::latency},
                                    {"first_choice", SloKind::first_choice}}};

}  // namespace

Wanted wanted(SloKind) {
  return {"a kind", R"("availability", "latency" or "first_choice")"};
}
Complaint read(std::string_view text, SloKind& into) {
  return read_word(kKinds, text, into);
}
std::string print(SloKind value) {
  return print_word(kKinds, value);
}

}  // namespace gateway
