#include "gateway/settings/slo_settings.hpp"

#include "gateway/settings/settings_tables.hpp"
#include "gateway/settings/table_field.hpp"

namespace gateway {

namespace {

template <class... Path>
auto slo_field(Path... path) {
  return table_field(&GatewayConfig::slos, path...);
}

std::vector<TableMember> slo_members() {
  using Slo = SloConfig;
  return {
      {.name = "kind",
       .field = slo_field(&Slo::kind),
       .doc = "What is good: `availability`, a request that is answered without 5xx; `latency`, of "
              "the answered ones those within `threshold`; `first_choice`, of the answered chats "
              "those without a fallback. Required.",
       .shown_default = "none"},
      {.name = "objective",
       .field = table_ranged<double>(0.5, 0.99999, &GatewayConfig::slos, &Slo::objective),
       .doc = "The share of requests that are to be good, such as 0.999.",
       .shown_default = "0.999 for `availability`, else 0.99"},
      {.name = "threshold",
       .field = table_ranged<Duration>(1ms, 1h, &GatewayConfig::slos, &Slo::threshold),
       .doc = "With `latency`, and required there: the longest time that is good, from the head of "
              "the request to the end of the answer.",
       .shown_default = "none"},
      {.name = "routes",
       .field = slo_field(&Slo::routes),
       .doc = "The routes whose requests count, as the access log names them; a `*` at the end "
              "stands for all that begin so."},
      {.name = "period",
       .field = table_ranged<Duration>(24h * 3, 24h * 366, &GatewayConfig::slos, &Slo::period),
       .doc = "What the error budget is for."},
  };
}

}  // namespace

NamedTables slo_tables() {
  NamedTables tables = tables_in("slo", &GatewayConfig::slos);
  tables.doc =
      "Service level objectives, shown by `GET /operator/slo` and as metrics. "
      "[service-levels.md](service-levels.md) says what counts.";
  tables.members = slo_members();
  return tables;
}

std::vector<Setting> service_level_settings() {
  using Config = GatewayConfig;
  using Levels = ServiceLevelsConfig;
  return {
      {.key = "service_levels.defaults",
       .field = field(&Config::service_levels, &Levels::defaults),
       .doc = "Whether there are objectives without a table `[slo.NAME]`: 99.9 % of chats "
              "answered, and 99 % by the first choice where there is more than one."},
      {.key = "service_levels.file",
       .field = field(&Config::service_levels, &Levels::file),
       .doc = "A file that keeps the history of all objectives, so that budgets and alerts go on "
              "after a restart; written each minute and at the end. `none`: it is not kept.",
       .shown_default = "`service_levels.json` beside the SQLite file of `sessions.store`, else "
                        "none"},
  };
}

}  // namespace gateway
