#include "core/title/fetch_schedule.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace weir {
namespace {

using Ms = FetchLimits::Ms;
using State = EdgeHealth::State;

constexpr Ms kMeasureOver{250};
constexpr Ms kTryAgainAfter{10'000};   // an edge that lost every comparison is measured anew
constexpr Ms kHedgeAge{1000};          // idle sockets leave a younger attempt alone
constexpr double kGuessedSeconds = 1;  // for a piece from an edge that was never measured
constexpr Ms kRetryPause{250};         // after a fault, doubling, when there is no other edge
constexpr Ms kMaxRetryPause{4000};
constexpr std::uint8_t kDamagedTries = 2;  // at one edge, when there is no other

Ms doubled(Ms base, std::uint32_t times, Ms most) {
  return std::min(most, base * (std::int64_t{1} << std::min(times, 16U)));
}

}  // namespace

FetchSchedule::FetchSchedule(const std::vector<std::uint32_t>& item_bytes, std::size_t edges,
                             FetchLimits limits, const Clock& clock)
    : limits_(limits), clock_(&clock), health_(edges), edges_(edges), left_(item_bytes.size()) {
  items_.reserve(item_bytes.size());
  for (const std::uint32_t bytes : item_bytes) items_.push_back(Item{.bytes = bytes});
  // The long-ago past, so that no edge counts as just used.
  for (Edge& edge : edges_) edge.last_begun = clock.monotonic() - kTryAgainAfter;
}

void FetchSchedule::mark_done(std::uint32_t item) {
  if (std::exchange(items_[item].done, true)) return;
  --left_;
  while (first_ < items_.size() && items_[first_].done) ++first_;
}

std::optional<FetchOrder> FetchSchedule::next() {
  if (finished() || gave_up_ || attempts_.size() >= limits_.sockets) return std::nullopt;
  if (auto order = late_hedge()) return order;
  if (auto order = first_waiting()) return order;
  if (gave_up_) return std::nullopt;
  return idle_hedge();
}

// A piece whose bytes are due for half its deadline is asked of another edge as well.
std::optional<FetchOrder> FetchSchedule::late_hedge() {
  const Time now = clock_->monotonic();
  for (const auto& [id, attempt] : attempts_) {
    if (items_[attempt.item].active > 1 || now - attempt.last < deadline(attempt) / 2) continue;
    if (const auto edge = choose_edge(attempt.item, attempt.edge)) {
      return begin(attempt.item, *edge);
    }
  }
  return std::nullopt;
}

std::optional<FetchOrder> FetchSchedule::first_waiting() {
  std::uint64_t ahead = 0;
  for (std::size_t i = first_; i < items_.size(); ++i) {
    Item& item = items_[i];
    if (i != first_ && ahead + item.bytes > limits_.window_bytes) break;
    ahead += item.bytes;
    if (item.done || item.active > 0) continue;
    const auto index = static_cast<std::uint32_t>(i);
    if (hopeless(index)) {
      gave_up_ = FetchGaveUp{index, item.last_fault};
      return std::nullopt;
    }
    if (active_bytes_ > 0 && active_bytes_ + item.bytes > limits_.active_bytes) break;
    if (const auto edge = choose_edge(index, std::nullopt)) return begin(index, *edge);
  }
  return std::nullopt;
}

// Sockets without work: a piece that would be here sooner from another edge is asked there too.
std::optional<FetchOrder> FetchSchedule::idle_hedge() {
  const Time now = clock_->monotonic();
  for (const auto& [id, attempt] : attempts_) {
    const Item& item = items_[attempt.item];
    if (item.active > 1 || now - attempt.started < kHedgeAge || attempt.bytes == 0) continue;
    if (active_bytes_ + item.bytes > limits_.active_bytes) continue;
    const auto edge = choose_edge(attempt.item, attempt.edge);
    if (!edge) continue;
    const std::uint64_t held = std::min<std::uint64_t>(item.bytes, item.kept + attempt.bytes);
    const double rate = static_cast<double>(attempt.bytes) /
                        std::chrono::duration<double>(now - attempt.started).count();
    const double here = static_cast<double>(item.bytes - held) / rate;
    const bool known = health_[*edge].bytes_per_s > 0;
    const double there = known ? seconds_at(*edge, item.bytes) : kGuessedSeconds;
    if (here > 2 * there + 0.1) return begin(attempt.item, *edge);
  }
  return std::nullopt;
}

FetchOrder FetchSchedule::begin(std::uint32_t index, std::uint32_t edge) {
  Item& item = items_[index];
  const Time now = clock_->monotonic();
  const bool hedge = item.active > 0;
  EdgeHealth& health = health_[edge];
  if (health.state == State::kResting) health.state = State::kProbing;
  if (health.active == 0) {
    edges_[edge].window_start = now;
    edges_[edge].window_bytes = 0;
  }
  ++health.active;
  ++item.active;
  edges_[edge].outstanding += item.bytes;
  edges_[edge].last_begun = now;
  active_bytes_ += item.bytes;
  const std::uint64_t id = next_id_++;
  attempts_.emplace(id, Attempt{.item = index, .edge = edge, .started = now, .last = now});
  // What is held belongs to the attempt under way; a hedge starts from nothing.
  return {id, index, edge, hedge, hedge ? 0 : item.kept};
}

void FetchSchedule::end(std::uint64_t id) {
  const auto at = attempts_.find(id);
  const Attempt& attempt = at->second;
  Item& item = items_[attempt.item];
  --item.active;
  --health_[attempt.edge].active;
  edges_[attempt.edge].outstanding -= item.bytes;
  active_bytes_ -= item.bytes;
  attempts_.erase(at);
}

void FetchSchedule::on_connected(std::uint64_t id) {
  const auto at = attempts_.find(id);
  if (at == attempts_.end()) return;
  at->second.connected = true;
  at->second.last = clock_->monotonic();
}

void FetchSchedule::on_bytes(std::uint64_t id, std::uint64_t count) {
  const auto at = attempts_.find(id);
  if (at == attempts_.end() || count == 0) return;
  at->second.connected = true;
  at->second.last = clock_->monotonic();
  at->second.bytes += count;
  health_[at->second.edge].bytes += count;
  edges_[at->second.edge].window_bytes += count;
  if (clock_->monotonic() - edges_[at->second.edge].window_start >= kMeasureOver) {
    measure(at->second.edge);
  }
}

void FetchSchedule::measure(std::uint32_t index) {
  Edge& edge = edges_[index];
  const Time now = clock_->monotonic();
  const auto passed = std::max<Time::duration>(now - edge.window_start, Ms(1));
  const double sample =
      static_cast<double>(edge.window_bytes) / std::chrono::duration<double>(passed).count();
  double& rate = health_[index].bytes_per_s;
  rate = rate > 0 ? 0.6 * rate + 0.4 * sample : sample;
  edge.window_start = now;
  edge.window_bytes = 0;
}

std::vector<std::uint64_t> FetchSchedule::on_done(std::uint64_t id) {
  const auto at = attempts_.find(id);
  if (at == attempts_.end()) return {};
  const std::uint32_t item = at->second.item;
  EdgeHealth& health = health_[at->second.edge];
  if (health.state == State::kProbing || health.state == State::kResting) {
    health.state = State::kGood;
    edges_[at->second.edge].rests = 0;
  }
  health.faults_in_a_row = 0;
  edges_[at->second.edge].pauses = 0;
  ++health.done;
  // An edge so fast that nothing lasts is measured by the piece.
  if (health.bytes_per_s <= 0) measure(at->second.edge);
  end(id);
  std::vector<std::uint64_t> losers;
  for (const auto& [other, attempt] : attempts_) {
    if (attempt.item == item) losers.push_back(other);
  }
  for (const std::uint64_t loser : losers) {
    const std::uint32_t edge = attempts_.at(loser).edge;
    end(loser);
    // A probe that was cut off proved nothing: the edge may be probed again at once.
    if (health_[edge].state == State::kProbing) {
      health_[edge].state = State::kResting;
      edges_[edge].rest_until = clock_->monotonic();
    }
  }
  mark_done(item);
  return losers;
}

void FetchSchedule::on_fault(std::uint64_t id, FetchFault fault, std::uint64_t kept) {
  const auto at = attempts_.find(id);
  if (at == attempts_.end()) return;
  const std::uint32_t index = at->second.item;
  const std::uint32_t edge = at->second.edge;
  end(id);

  Item& item = items_[index];
  if (kept > item.kept) item.faults = 0;
  item.kept = std::min<std::uint64_t>(kept, item.bytes);
  item.last_fault = fault;
  if (item.faults++ == 0) item.failing_since = clock_->monotonic();
  Misses& misses = misses_[{index, edge}];
  if (misses.faults < 255) ++misses.faults;
  if (fault == FetchFault::kDamaged) ++misses.damaged;
  if (fault == FetchFault::kMissing) misses.missing = true;
  blame(edge, fault);

  const bool impatient =
      item.faults >= limits_.tries && clock_->monotonic() - item.failing_since >= limits_.patience;
  if (item.active == 0 && (impatient || hopeless(index))) gave_up_ = FetchGaveUp{index, fault};
}

void FetchSchedule::blame(std::uint32_t index, FetchFault fault) {
  EdgeHealth& health = health_[index];
  Edge& edge = edges_[index];
  ++health.faults;
  if (fault == FetchFault::kRefused) health.state = State::kRefused;
  if (health.state == State::kProbing && fault == FetchFault::kMissing) health.state = State::kGood;
  if (health.state == State::kRefused || fault == FetchFault::kMissing) return;
  const Time now = clock_->monotonic();
  ++health.faults_in_a_row;
  // Attempts that were under way together fail together: that is one reason to wait, not many. An
  // edge that gave damaged bytes is there, and need not be waited for.
  if (fault != FetchFault::kDamaged && now >= edge.retry_at) {
    edge.retry_at = now + doubled(kRetryPause, edge.pauses++, kMaxRetryPause);
  }
  const bool failed_probe = health.state == State::kProbing;
  const bool resting = health.state == State::kResting && now < edge.rest_until;
  if (resting) return;  // attempts begun before the rest fail after it began: one fault, one rest
  if (failed_probe || fault == FetchFault::kConnect || health.faults_in_a_row >= limits_.tries) {
    health.state = State::kResting;
    edge.rest_until = now + doubled(limits_.penalty, edge.rests++, limits_.max_penalty);
  }
}

FetchLimits::Ms FetchSchedule::deadline(const Attempt& attempt) const noexcept {
  if (!attempt.connected) return limits_.connect;
  return attempt.bytes == 0 ? limits_.first_byte : limits_.stall;
}

std::vector<FetchExpiry> FetchSchedule::expired() const {
  const Time now = clock_->monotonic();
  std::vector<FetchExpiry> out;
  for (const auto& [id, attempt] : attempts_) {
    if (now - attempt.last < deadline(attempt)) continue;
    out.push_back({id, attempt.connected ? FetchFault::kTimeout : FetchFault::kConnect});
  }
  return out;
}

// `last_resort`: no edge is well, so a resting one may be asked early, one attempt at a time.
bool FetchSchedule::usable(std::uint32_t index, bool last_resort) const {
  const EdgeHealth& health = health_[index];
  const Edge& edge = edges_[index];
  const Time now = clock_->monotonic();
  switch (health.state) {
    case State::kGood:
      return now >= edge.retry_at;
    case State::kResting:
      return health.active == 0 && now >= (last_resort ? edge.retry_at : edge.rest_until);
    case State::kProbing:
    case State::kRefused:
      return false;
  }
  return false;
}

bool FetchSchedule::barred(std::uint32_t item, std::uint32_t edge) const {
  if (health_[edge].state == State::kRefused) return true;
  const auto at = misses_.find({item, edge});
  return at != misses_.end() && (at->second.missing || at->second.damaged >= kDamagedTries);
}

bool FetchSchedule::hopeless(std::uint32_t item) const {
  for (std::uint32_t edge = 0; edge < edges_.size(); ++edge) {
    if (!barred(item, edge)) return false;
  }
  return true;
}

// When `bytes` more would be here from this edge, after what it already owes. An edge not measured
// yet is taken for as fast as the fastest, so that it gets its chance.
double FetchSchedule::seconds_at(std::uint32_t edge, std::uint64_t bytes) const {
  double rate = health_[edge].bytes_per_s;
  if (rate <= 0) {
    for (const EdgeHealth& other : health_) rate = std::max(rate, other.bytes_per_s);
  }
  const auto owed = static_cast<double>(edges_[edge].outstanding + bytes);
  return owed / std::max(rate, 1.0);
}

std::optional<std::uint32_t> FetchSchedule::choose_edge(std::uint32_t item,
                                                        std::optional<std::uint32_t> not_on) {
  const Time now = clock_->monotonic();
  bool any_well = false;
  for (std::uint32_t e = 0; e < edges_.size(); ++e) {
    const bool well = health_[e].state == State::kGood || health_[e].state == State::kProbing;
    any_well |= well && !barred(item, e);
  }
  std::optional<std::uint32_t> best;
  std::pair<int, double> best_cost{};
  for (std::uint32_t e = 0; e < edges_.size(); ++e) {
    if (e == not_on || barred(item, e) || !usable(e, !any_well)) continue;
    const auto at = misses_.find({item, e});
    const int faults = at == misses_.end() ? 0 : at->second.faults + 10 * at->second.damaged;
    const bool measure_anew = health_[e].active == 0 && now - edges_[e].last_begun > kTryAgainAfter;
    const std::pair<int, double> cost{faults,
                                      measure_anew ? -1 : seconds_at(e, items_[item].bytes)};
    if (!best || cost < best_cost) {
      best = e;
      best_cost = cost;
    }
  }
  return best;
}

FetchSchedule::Time FetchSchedule::wake_at() const {
  const Time now = clock_->monotonic();
  Time at = now + Ms(1000);
  for (const auto& [id, attempt] : attempts_) {
    const Time half = attempt.last + deadline(attempt) / 2;
    at = std::min(at, half > now ? half : attempt.last + deadline(attempt));
  }
  for (std::uint32_t e = 0; e < edges_.size(); ++e) {
    if (edges_[e].retry_at > now) at = std::min(at, edges_[e].retry_at);
  }
  return at;
}

}  // namespace weir
