#include <vx11/chat_metrics.hpp>
#include <vx11/metric_histogram.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

namespace vx11 {
inline namespace v0 {

namespace {

using Counter = std::atomic<std::uint64_t>;
using Labels = decltype(MetricSeries::labels);

constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::unsupported) + 1;

/// The bounds of the GenAI semantic conventions, in nanoseconds and tokens.
constexpr std::array<std::uint64_t, 14> kDurationBounds = {
    10'000'000,     20'000'000,     40'000'000,     80'000'000,    160'000'000,
    320'000'000,    640'000'000,    1'280'000'000,  2'560'000'000, 5'120'000'000,
    10'240'000'000, 20'480'000'000, 40'960'000'000, 81'920'000'000};
constexpr std::array<std::uint64_t, 16> kFirstTokenBounds = {
    1'000'000,     5'000'000,     10'000'000,    20'000'000,    40'000'000,  60'000'000,
    80'000'000,    100'000'000,   250'000'000,   500'000'000,   750'000'000, 1'000'000'000,
    2'500'000'000, 5'000'000'000, 7'500'000'000, 10'000'000'000};
constexpr std::array<std::uint64_t, 13> kPerTokenBounds = {
    10'000'000,  25'000'000,  50'000'000,  75'000'000,  100'000'000,   150'000'000,  200'000'000,
    300'000'000, 400'000'000, 500'000'000, 750'000'000, 1'000'000'000, 2'500'000'000};
constexpr std::array<std::uint64_t, 14> kTokenBounds = {
    1,      4,      16,      64,        256,       1'024,      4'096,
    16'384, 65'536, 262'144, 1'048'576, 4'194'304, 16'777'216, 67'108'864};

/// The values of `error.type`; empty: none.
enum class ErrorType : unsigned char { none, timeout, other };
constexpr std::array<std::string_view, 3> kErrorTypes = {"", "timeout", "_OTHER"};

/// Its client left before the end: no error of the model, and no answer.
bool is_cancelled(const EndedChat& chat) noexcept {
  const auto is_it = [](const Attempt& attempt) { return attempt.outcome == Outcome::cancelled; };
  return !chat.is_good && std::any_of(chat.attempts.begin(), chat.attempts.end(), is_it);
}

ErrorType error_of(const EndedChat& chat) noexcept {
  if (chat.is_good) return ErrorType::none;
  const bool is_late = !chat.attempts.empty() && chat.attempts.back().outcome == Outcome::timeout;
  return is_late ? ErrorType::timeout : ErrorType::other;
}

/// One operation of a provider's model.
struct ByModel {
  std::array<MetricHistogram, kErrorTypes.size()> durations = {
      MetricHistogram(kDurationBounds, kTimeSteps), MetricHistogram(kDurationBounds, kTimeSteps),
      MetricHistogram(kDurationBounds, kTimeSteps)};
  MetricHistogram first_token{kFirstTokenBounds, kTimeSteps};
  MetricHistogram per_token{kPerTokenBounds, kTimeSteps};
  MetricHistogram input{kTokenBounds};
  MetricHistogram output{kTokenBounds};
};

struct ByTarget {
  std::array<Counter, kOutcomes> outcomes = {};
  std::array<Counter, kOutcomes> fallbacks = {};  ///< By the outcome at this first target.
  Counter input = 0;
  Counter output = 0;
};

/// Counted on by all successors.
struct Lasting {
  using Model = std::pair<std::string, std::string>;  ///< Provider and model.
  std::map<std::string, std::shared_ptr<ByTarget>, std::less<>> targets = {};
  std::map<Model, std::shared_ptr<ByModel>> chats = {};
  std::map<Model, std::shared_ptr<ByModel>> embeddings = {};
};

template <class Key, class Value>
std::shared_ptr<Value> made_in(std::map<Key, std::shared_ptr<Value>>& all, const Key& key) {
  std::shared_ptr<Value>& value = all[key];
  if (value == nullptr) value = std::make_shared<Value>();
  return value;
}

void add(Counter& counter, std::uint64_t by = 1) noexcept {
  counter.fetch_add(by, std::memory_order_relaxed);
}

/// What the gateway itself took: the total less the attempts. Those that ran beside a slow one are
/// within its time.
Duration own_time(const EndedChat& chat) noexcept {
  Duration waited = {};
  for (const Attempt& attempt : chat.attempts) {
    waited += attempt.elapsed;
    if (attempt.outcome == Outcome::overtaken) break;
  }
  return chat.total - waited;
}

}  // namespace

struct ChatMetrics::Impl {
  /// A target with what counts for it.
  struct Counted {
    ChatTargetLabels labels;
    std::shared_ptr<ByTarget> target;
    std::shared_ptr<ByModel> chats;
    std::shared_ptr<ByModel> embeddings;
  };

  /// Copies of `known` keep what they share.
  void count_for(std::vector<ChatTargetLabels> labels) {
    for (ChatTargetLabels& label : labels) {
      auto& target = lasting.targets[label.name];
      if (target == nullptr) target = std::make_shared<ByTarget>();
      const Lasting::Model model(label.provider, label.model);
      auto chats = made_in(lasting.chats, model);
      auto embeddings = label.embeddings ? made_in(lasting.embeddings, model) : nullptr;
      targets.push_back({std::move(label), target, std::move(chats), std::move(embeddings)});
    }
  }

  const Counted* find(std::string_view name) const noexcept {
    const auto found = std::find_if(targets.begin(), targets.end(), [&](const Counted& counted) {
      return counted.labels.name == name;
    });
    return found == targets.end() ? nullptr : &*found;
  }

  /// \return the target that was asked first; null if it is not counted
  const Counted* count_attempts(std::span<const Attempt> attempts) const noexcept {
    const Counted* first = nullptr;
    for (const Attempt& attempt : attempts) {
      const Counted* const counted = find(attempt.target);
      if (&attempt == attempts.data()) first = counted;
      if (counted == nullptr) continue;
      add(counted->target->outcomes[static_cast<std::size_t>(attempt.outcome)]);
    }
    return first;
  }

  Lasting lasting = {};
  std::vector<Counted> targets = {};
  struct Shared {
    MetricHistogram own{own_time_bounds(), kTimeSteps};
    MetricHistogram first_piece{request_time_bounds(), kTimeSteps};
    MetricHistogram between_pieces{request_time_bounds(), kTimeSteps};
  };
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
};

ChatMetrics::ChatMetrics(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ChatMetrics::~ChatMetrics() = default;

std::shared_ptr<ChatMetrics> ChatMetrics::create(std::vector<ChatTargetLabels> targets) {
  auto impl = std::make_unique<Impl>();
  impl->count_for(std::move(targets));
  return std::shared_ptr<ChatMetrics>(new ChatMetrics(std::move(impl)));
}

std::shared_ptr<ChatMetrics> ChatMetrics::successor(std::vector<ChatTargetLabels> targets) const {
  auto impl = std::make_unique<Impl>();
  impl->lasting = impl_->lasting;
  impl->shared = impl_->shared;
  impl->count_for(std::move(targets));
  return std::shared_ptr<ChatMetrics>(new ChatMetrics(std::move(impl)));
}

namespace {

std::string_view source_of(std::span<const Attempt> attempts) noexcept {
  for (const Attempt& attempt : attempts) {
    if (attempt.outcome == Outcome::answered) return attempt.target;
  }
  return {};
}

/// A time in full after the first token, spread over the others.
void count_tokens(ByModel& model, const EndedChat& chat) noexcept {
  if (chat.ending == nullptr) return;
  const auto& [input, output] = std::tie(chat.ending->input_tokens, chat.ending->output_tokens);
  if (input) model.input.count(*input);
  if (output) model.output.count(*output);
  if (!chat.first_piece || !output || *output < 2) return;
  const Duration rest = chat.total - *chat.first_piece;
  model.per_token.count_time(rest / static_cast<Duration::rep>(*output - 1));
}

}  // namespace

void ChatMetrics::ended(const EndedChat& chat) noexcept {
  const Impl::Counted* const preferred = impl_->count_attempts(chat.attempts);
  if (!chat.is_streamed) impl_->shared->own.count_time(own_time(chat));
  if (chat.first_piece) impl_->shared->first_piece.count_time(*chat.first_piece);
  if (chat.attempts.empty()) return;
  const Attempt& first = chat.attempts.front();
  std::string_view source = {};
  if (chat.attempts.size() > 1) {
    source = chat.source.empty() ? source_of(chat.attempts) : chat.source;
  }
  const bool fell_back = !source.empty() && source != first.target;
  if (fell_back && preferred != nullptr) {
    add(preferred->target->fallbacks[static_cast<std::size_t>(first.outcome)]);
  }
  const Impl::Counted* const answering = fell_back ? impl_->find(source) : preferred;
  if (answering == nullptr) return;
  if (chat.ending != nullptr) {
    if (chat.ending->input_tokens) add(answering->target->input, *chat.ending->input_tokens);
    if (chat.ending->output_tokens) add(answering->target->output, *chat.ending->output_tokens);
  }
  const bool is_chat = chat.operation == ChatOperation::chat;
  if (!is_chat && answering->embeddings == nullptr) return;
  ByModel& model = is_chat ? *answering->chats : *answering->embeddings;
  if (!is_cancelled(chat)) {
    model.durations[static_cast<std::size_t>(error_of(chat))].count_time(chat.total);
  }
  if (chat.first_piece) model.first_token.count_time(*chat.first_piece);
  count_tokens(model, chat);
}

void ChatMetrics::piece_arrived(Duration since) noexcept {
  impl_->shared->between_pieces.count_time(since);
}

namespace {

/// Collects families whose series share the counters of one object.
class Collector {
 public:
  explicit Collector(std::shared_ptr<const void> owner) : owner_(std::move(owner)) {}

  MetricSeries of(Labels labels, const Counter& counter) const {
    return {.labels = std::move(labels), .value = [owner = owner_, &counter] {
              return counter.load(std::memory_order_relaxed);
            }};
  }
  MetricSeries of(Labels labels, const MetricHistogram& values) const {
    return {.labels = std::move(labels),
            .histogram = [owner = owner_, &values] { return values.read(); }};
  }
  /// Not shown before its first value: for what most models never have.
  MetricSeries once_used(Labels labels, const MetricHistogram& values) const {
    return {.labels = std::move(labels), .histogram = [owner = owner_, &values] {
              HistogramReading reading = values.read();
              const bool is_used =
                  std::any_of(reading.buckets.begin(), reading.buckets.end(),
                              [](const auto& bucket) { return bucket.count != 0; });
              return is_used ? std::move(reading) : HistogramReading();
            }};
  }

 private:
  std::shared_ptr<const void> owner_;
};

MetricFamily times(std::string name, std::string help, std::vector<MetricSeries> series = {}) {
  return {.name = std::move(name),
          .help = std::move(help),
          .kind = MetricKind::histogram,
          .series = std::move(series),
          .unit = "seconds"};
}

/// The four families of the GenAI semantic conventions, named by the rules of OpenTelemetry for
/// Prometheus: dots become underscores, the unit of times is added, `{token}` is none.
struct GenAiFamilies {
  void add(const Collector& of, const Lasting::Model& name, const char* operation,
           const ByModel& model) {
    const auto labels = [&](std::string_view key = {}, std::string_view value = {}) {
      Labels all = {{"gen_ai_operation_name", operation}, {"gen_ai_provider_name", name.first}};
      if (!name.second.empty()) all.emplace_back("gen_ai_request_model", name.second);
      if (!value.empty()) all.emplace_back(key, value);
      return all;
    };
    const bool is_chat = operation == kChat;
    const auto input = labels("gen_ai_token_type", "input");
    tokens.series.push_back(is_chat ? of.of(input, model.input) : of.once_used(input, model.input));
    for (std::size_t i = 0; i < kErrorTypes.size(); ++i) {
      const auto of_error = labels("error_type", kErrorTypes[i]);
      durations.series.push_back(is_chat && i == 0 ? of.of(of_error, model.durations[i])
                                                   : of.once_used(of_error, model.durations[i]));
    }
    if (!is_chat) return;
    tokens.series.push_back(of.of(labels("gen_ai_token_type", "output"), model.output));
    first.series.push_back(of.of(labels(), model.first_token));
    each.series.push_back(of.of(labels(), model.per_token));
  }

  static constexpr const char* kChat = "chat";
  MetricFamily tokens = {.name = "gen_ai_client_token_usage",
                         .help = "Tokens of a chat, as its upstream reports them.",
                         .kind = MetricKind::histogram};
  MetricFamily durations =
      times("gen_ai_server_request_duration_seconds",
            "Time from the head of a request to the end of its answer, by the model that answered; "
            "without chats whose client left.");
  MetricFamily first = times("gen_ai_server_time_to_first_token_seconds",
                             "Time from the head of a request to the first text of its stream.");
  MetricFamily each =
      times("gen_ai_server_time_per_output_token_seconds",
            "Time of each token after the first one, of streams whose upstream counts tokens.");
};

}  // namespace

std::vector<MetricFamily> ChatMetrics::families(const std::shared_ptr<const ChatMetrics>& metrics) {
  const Impl& impl = *metrics->impl_;
  const Collector of(metrics);
  MetricFamily attempts{.name = "vx11_chat_attempts_total",
                        .help = "Attempts at each chat target, by outcome."};
  MetricFamily fallbacks{
      .name = "vx11_chat_fallbacks_total",
      .help =
          "Chats that another target answered than the one asked first, by that and its "
          "outcome."};
  MetricFamily tokens{.name = "vx11_chat_tokens_total",
                      .help = "Tokens of chats by target, as the upstream reports them."};
  for (const Impl::Counted& counted : impl.targets) {
    const std::string& name = counted.labels.name;
    for (std::size_t i = 0; i < kOutcomes; ++i) {
      const std::string outcome(to_string(static_cast<Outcome>(i)));
      const Labels labels = {{"target", name}, {"outcome", outcome}};
      attempts.series.push_back(of.of(labels, counted.target->outcomes[i]));
      if (static_cast<Outcome>(i) == Outcome::answered) continue;
      fallbacks.series.push_back(
          of.of({{"target", name}, {"reason", outcome}}, counted.target->fallbacks[i]));
    }
    tokens.series.push_back(of.of({{"target", name}, {"type", "input"}}, counted.target->input));
    tokens.series.push_back(of.of({{"target", name}, {"type", "output"}}, counted.target->output));
  }
  GenAiFamilies gen_ai;
  std::map<Lasting::Model, std::pair<const ByModel*, const ByModel*>> models;
  for (const Impl::Counted& counted : impl.targets) {
    auto& found = models[Lasting::Model(counted.labels.provider, counted.labels.model)];
    found.first = counted.chats.get();
    if (counted.embeddings != nullptr) found.second = counted.embeddings.get();
  }
  for (const auto& [name, counted] : models) {
    gen_ai.add(of, name, GenAiFamilies::kChat, *counted.first);
    if (counted.second != nullptr) gen_ai.add(of, name, "embeddings", *counted.second);
  }
  return {std::move(attempts),
          std::move(fallbacks),
          std::move(tokens),
          times("vx11_chat_own_duration_seconds",
                "Time that chats answered whole took without that of their attempts.",
                {of.of({}, impl.shared->own)}),
          times("vx11_chat_first_piece_seconds",
                "Time from the head of a request to the first piece of its stream.",
                {of.of({}, impl.shared->first_piece)}),
          times("vx11_chat_between_pieces_seconds",
                "Time between two pieces of a stream, as they arrive.",
                {of.of({}, impl.shared->between_pieces)}),
          std::move(gen_ai.tokens),
          std::move(gen_ai.durations),
          std::move(gen_ai.first),
          std::move(gen_ai.each)};
}

}  // namespace v0
}  // namespace vx11
