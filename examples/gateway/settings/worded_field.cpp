#include "gateway/settings/worded_field.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace gateway {

Field worded(Field field, Wanted wanted) {
  field.wanted = wanted;
  field.read = [read = std::move(field.read), wanted](GatewayConfig& config,
                                                      std::string_view text) -> Complaint {
    if (read(config, text)) return not_a(wanted, text);
    return std::nullopt;
  };
  return field;
}

}  // namespace gateway
