#include "gateway/values/time_zones.hpp"

#ifdef VX11_GATEWAY_TIME_ZONES
#include <vx11/date_tz.hpp>
#endif

namespace gateway {

#ifdef VX11_GATEWAY_TIME_ZONES
vx11::Result<vx11::TimeZone> find_time_zone(const std::string& name) {
  return vx11::find_time_zone(name);
}
#else
vx11::Result<vx11::TimeZone> find_time_zone(const std::string& name) {
  if (name == "UTC") return vx11::TimeZone();
  return vx11::fail(vx11::Errc::invalid_argument,
                    "this vx11-gateway was built without time zones, for want of Howard Hinnant's "
                    "date library (libhowardhinnant-date-dev): write UTC");
}
#endif

}  // namespace gateway
