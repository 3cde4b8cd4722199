#include "operator/api/places.hpp"

#include <utility>

#include "operator/api/api_answers.hpp"

namespace backend {

/// Made before it is counted: what throws then leaves nothing counted.
class Places::Held {
 public:
  Held(std::shared_ptr<Places> places, std::string principal)
      : places_(std::move(places)), principal_(std::move(principal)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (is_counted_) places_->give_back(principal_);
  }
  tl::expected<void, NoPlace> count() {
    auto counted = places_->count(principal_);
    is_counted_ = counted.has_value();
    return counted;
  }

 private:
  const std::shared_ptr<Places> places_;
  const std::string principal_;
  bool is_counted_ = false;
};

tl::expected<Places::Place, NoPlace> Places::take(const std::string& principal) {
  auto held = std::make_shared<Held>(shared_from_this(), principal);
  if (const auto counted = held->count(); !counted) return tl::unexpected(counted.error());
  return held;
}

tl::expected<void, NoPlace> Places::count(const std::string& principal) {
  const auto refuse = [this](NoPlace why) {
    refused_[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
    return tl::unexpected(why);
  };
  const std::lock_guard lock(mutex_);
  const auto found = by_principal_.find(principal);
  const std::size_t own = found == by_principal_.end() ? 0 : found->second;
  if (!principal.empty() && own >= limits_.per_principal) return refuse(NoPlace::principal);
  if (taken_ >= limits_.all) return refuse(NoPlace::all);
  by_principal_[principal] = own + 1;
  ++taken_;
  return {};
}

void Places::give_back(const std::string& principal) noexcept {
  const std::lock_guard lock(mutex_);
  --taken_;
  const auto own = by_principal_.find(principal);
  if (--own->second == 0) by_principal_.erase(own);
}

void Places::limit(PlaceLimits limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

std::size_t Places::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

ApiAnswer no_place(NoPlace why, const std::string& what, const std::string& error) {
  ApiAnswer answer = why == NoPlace::principal
                         ? refusal(429, error, "Too many " + what + " of this login are open")
                         : service_offline("operator_backend", error,
                                           "Too many " + what + " are open; try again.");
  answer.headers.set("Retry-After", "5");
  return answer;
}

vx11::MetricFamily refused_places(const char* name, const char* help,
                                  const std::shared_ptr<const Places>& places) {
  vx11::MetricFamily family{.name = name, .help = help, .kind = vx11::MetricKind::counter};
  for (const NoPlace why : {NoPlace::all, NoPlace::principal}) {
    vx11::MetricSeries series{.value = [places, why] { return places->refused(why); }};
    series.labels.emplace_back("bound", why == NoPlace::all ? "all" : "principal");
    family.series.push_back(std::move(series));
  }
  return family;
}

}  // namespace backend
