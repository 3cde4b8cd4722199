#pragma once

/// \file
/// What every `Transport` over HTTP does, as one suite.
///
/// A transport's own test calls `transport_suite` with a function that makes a transport with the
/// given settings, for exclusive use.

#include "transport_suite/answers.hpp"
#include "transport_suite/connections.hpp"
#include "transport_suite/endings.hpp"
#include "transport_suite/names.hpp"
#include "transport_suite/requests.hpp"
#include "transport_suite/shortages.hpp"

namespace transport_suite_parts {

inline void transport_suite(const MakeTransport& make) {
  sends_what_it_is_told(make);
  understands_answers(make);
  distrusts_answers(make);
  fails_in_time(make);
  stops_when_told(make);
  keeps_connections(make);
  resolves_names(make);
  reports_shortages(make);
}

}  // namespace transport_suite_parts
