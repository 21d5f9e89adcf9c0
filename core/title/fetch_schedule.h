// Decides what a player asks of which edge, and when: pieces in the order of the film, a bounded
// way ahead, over a few sockets striped across all edges; a late piece is asked of a second edge
// (hedged), a faulty edge rests for a while and is then probed, damaged bytes bar an edge from that
// piece.
//
// Pure decisions on a Clock: no sockets, no bytes. Its owner, the fetch engine, begins what next()
// says, reports what happens to each attempt, and aborts what expired() and on_done() name.
// One thread. Ids that are no longer known are ignored, so reports may come late.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/base/clock.h"

namespace weir {

struct FetchLimits {
  using Ms = std::chrono::milliseconds;

  std::uint32_t sockets = 5;  // over all edges
  // A piece begins only this many bytes past the first unfinished one: the film grows from its
  // start.
  std::uint64_t window_bytes = 128U << 20;
  std::uint64_t active_bytes = 256U
                               << 20;  // under way at once, each held in memory; one always may
  Ms connect{2000};                    // to a connection
  Ms first_byte{2000};                 // from there to the first byte
  Ms stall{3000};                      // between bytes
  std::uint32_t tries = 3;  // faults in a row until an edge rests, and faults a piece survives
  Ms penalty{30'000}, max_penalty{300'000};  // an edge's first rest; doubles up to the second
  Ms patience{20'000};  // how long a piece may fail without a byte gained before all is given up
};

enum class FetchFault : std::uint8_t {
  kConnect,      // no connection: refused, no route, no such host, not in time
  kTimeout,      // connected, but no byte in time
  kBroken,       // ended before the announced length
  kServerError,  // 5xx or 429
  kMissing,      // 404: not at this edge
  kDamaged,      // wrong length, hash or tag, or no piece at all
  kRefused,      // 401 or 403: this edge admits us to nothing
};

// Begin this now.
struct FetchOrder {
  std::uint64_t attempt = 0;
  std::uint32_t item = 0;
  std::uint32_t edge = 0;
  bool hedge = false;      // another attempt at the same item is under way
  std::uint64_t from = 0;  // stored bytes already held: ask for the rest
};

struct FetchExpiry {
  std::uint64_t attempt = 0;
  FetchFault fault = FetchFault::kTimeout;
};

struct FetchGaveUp {
  std::uint32_t item = 0;
  FetchFault fault = FetchFault::kBroken;  // the last of this item
};

struct EdgeHealth {
  enum class State : std::uint8_t {
    kGood,
    kResting,  // on_fault() enters it after `tries` faults in a row, or one failure to connect
    kProbing,  // next() enters it with the first attempt after a rest
    kRefused,  // on_fault(kRefused): for good
  };
  State state = State::kGood;
  std::uint32_t active = 0;
  std::uint32_t faults_in_a_row = 0;
  std::uint64_t faults = 0, done = 0, bytes = 0;
  double bytes_per_s = 0;  // while it had work; 0: not measured yet
};

class FetchSchedule {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `item_bytes`: stored length of each item, in the order wanted. At least one edge.
  FetchSchedule(const std::vector<std::uint32_t>& item_bytes, std::size_t edges, FetchLimits limits,
                const Clock& clock);

  void mark_done(std::uint32_t item);  // held already; before the first next()

  // The next attempt to begin, which then counts as begun; nullopt: nothing to begin now. Call
  // until nullopt after every event.
  std::optional<FetchOrder> next();

  void on_connected(std::uint64_t attempt);
  void on_bytes(std::uint64_t attempt, std::uint64_t count);
  // The item is whole and verified. Returns the other attempts at it: abort them.
  std::vector<std::uint64_t> on_done(std::uint64_t attempt);
  // `kept`: stored bytes of the item that remain of use; the next attempt asks from there.
  void on_fault(std::uint64_t attempt, FetchFault fault, std::uint64_t kept = 0);

  // Attempts past a deadline. The owner aborts each and reports it by on_fault().
  std::vector<FetchExpiry> expired() const;

  bool finished() const noexcept { return left_ == 0; }
  const std::optional<FetchGaveUp>& gave_up() const noexcept { return gave_up_; }
  // When next() or expired() may have something new though nothing is reported.
  Time wake_at() const;

  const std::vector<EdgeHealth>& edges() const noexcept { return health_; }
  std::size_t active() const noexcept { return attempts_.size(); }

 private:
  struct Item {
    std::uint32_t bytes = 0;
    std::uint32_t faults = 0;  // since bytes were last gained
    std::uint8_t active = 0;
    bool done = false;
    std::uint64_t kept = 0;
    Time failing_since{};
    FetchFault last_fault = FetchFault::kRefused;  // also when every edge refused another item
  };
  struct Attempt {
    std::uint32_t item = 0, edge = 0;
    bool connected = false;
    std::uint64_t bytes = 0;
    Time started{}, last{};  // last: connected, or a byte came
  };
  struct Edge {
    Time rest_until{}, retry_at{}, last_begun{}, window_start{};
    std::uint32_t rests = 0, pauses = 0;
    std::uint64_t outstanding = 0, window_bytes = 0;
  };
  struct Misses {
    std::uint8_t damaged = 0;
    bool missing = false;
    std::uint8_t faults = 0;
  };

  FetchLimits::Ms deadline(const Attempt& attempt) const noexcept;
  bool usable(std::uint32_t edge, bool last_resort) const;
  bool barred(std::uint32_t item, std::uint32_t edge) const;
  bool hopeless(std::uint32_t item) const;
  double seconds_at(std::uint32_t edge, std::uint64_t bytes) const;
  std::optional<std::uint32_t> choose_edge(std::uint32_t item, std::optional<std::uint32_t> not_on);
  std::optional<FetchOrder> late_hedge();
  std::optional<FetchOrder> first_waiting();
  std::optional<FetchOrder> idle_hedge();
  FetchOrder begin(std::uint32_t item, std::uint32_t edge);
  void end(std::uint64_t id);
  void blame(std::uint32_t edge, FetchFault fault);
  void measure(std::uint32_t edge);

  FetchLimits limits_;
  const Clock* clock_;
  std::vector<Item> items_;
  std::vector<EdgeHealth> health_;
  std::vector<Edge> edges_;
  std::map<std::uint64_t, Attempt> attempts_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Misses> misses_;  // by item and edge
  std::size_t first_ = 0;                                             // first item not done
  std::size_t left_ = 0;
  std::uint64_t next_id_ = 1, active_bytes_ = 0;
  std::optional<FetchGaveUp> gave_up_;
};

}  // namespace weir
