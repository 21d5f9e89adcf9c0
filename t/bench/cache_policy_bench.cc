// Hit ratios of eviction policies over made-up video traces (video_trace.h): policy by cache size,
// in requests and in bytes, after three days of warming. Prints JSON: script/bench policy makes the
// table. Figures depend on nothing but the seed: no clock is read but for the cost of one call.
#include <chrono>
#include <cstdio>
#include <string>

#include "core/store/cache_policy.h"
#include "t/bench/cache_policies.h"
#include "t/bench/video_trace.h"

namespace {

using namespace weir;
using namespace weir::bench;

constexpr std::uint32_t kWarmSeconds = 3 * 86400;
constexpr std::uint64_t kBlockBytes = 1U << 20;

// A store that keeps blocks in units of kUnit and obeys our policy, as the edge does.
template <std::uint32_t kUnit>
class Weir final : public CachePolicy::Owner {
 public:
  Weir(const Trace& trace, std::uint32_t capacity)
      : trace_(trace),
        held_(trace.blocks),
        room_(capacity),
        region_(CachePolicy::bytes_for(slots(capacity))),
        policy_(CachePolicy::format(region_, slots(capacity))) {}

  bool request(const TraceRequest& r) {
    const TraceObject& object = trace_.objects[r.object];
    const UnitRef ref = {r.object, r.block / kUnit, static_cast<std::uint32_t>(mix64(r.object))};
    const auto place = UnitPlace::of(ref.unit, (object.blocks + kUnit - 1) / kUnit);
    if (r.block % kUnit == 0) policy_.note_use(ref, place);
    const std::uint32_t block = object.first_block + r.block;
    if (held_[block]) return true;
    while (room_ == 0) evict();
    const bool new_unit = held_in(ref) == 0;
    held_[block] = true;
    --room_;
    if (!new_unit) return false;
    while (!policy_.admit(ref, place)) evict();
    return false;
  }

  UnitFate fate(const UnitRef& ref) noexcept override {
    return held_in(ref) > 0 ? UnitFate::kEvictable : UnitFate::kGone;
  }

 private:
  // Whole units seldom are: views end in the middle of one.
  static std::uint32_t slots(std::uint32_t capacity) {
    return kUnit == 1 ? capacity : capacity / kUnit * 2;
  }
  struct Span {
    std::uint32_t from, to;
  };
  Span blocks_of(const UnitRef& ref) const {
    const TraceObject& object = trace_.objects[ref.entry];
    const std::uint32_t from = ref.unit * kUnit;
    return {object.first_block + from, object.first_block + std::min(from + kUnit, object.blocks)};
  }
  std::uint32_t held_in(const UnitRef& ref) const noexcept {
    const Span span = blocks_of(ref);
    std::uint32_t n = 0;
    for (std::uint32_t b = span.from; b < span.to; ++b) n += held_[b] ? 1U : 0U;
    return n;
  }
  void evict() {
    const auto victim = policy_.evict(*this);
    if (!victim) return;
    const Span span = blocks_of(*victim);
    for (std::uint32_t b = span.from; b < span.to; ++b) {
      room_ += held_[b] ? 1U : 0U;
      held_[b] = false;
    }
  }

  const Trace& trace_;
  std::vector<bool> held_;
  std::uint32_t room_;
  std::vector<std::uint8_t> region_;
  CachePolicy policy_;
};

template <typename Policy>
class Published {
 public:
  Published(const Trace& trace, std::uint32_t capacity)
      : trace_(trace), policy_(trace.blocks, capacity) {}
  bool request(const TraceRequest& r) {
    return policy_.request(trace_.objects[r.object].first_block + r.block);
  }

 private:
  const Trace& trace_;
  Policy policy_;
};

struct Case {
  const char* name;
  TraceShape shape;
};

std::vector<Case> cases() {
  TraceShape usual;
  usual.days = 9;
  TraceShape flat = usual;
  flat.zipf = 0.7;
  TraceShape steep = usual;
  steep.zipf = 1.1;
  TraceShape scanned = usual;
  scanned.scan_share = 0.4;
  return {{"usual", usual}, {"flat", flat}, {"steep", steep}, {"scanned", scanned}};
}

const char* separator = "";

template <typename Store>
void measure(const char* policy, const char* shape, const Trace& trace, double percent) {
  const auto capacity = static_cast<std::uint32_t>(trace.blocks * percent / 100);
  Store store(trace, capacity);
  std::uint64_t requests = 0;
  std::uint64_t hits = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hit_bytes = 0;
  const auto started = std::chrono::steady_clock::now();
  for (const TraceRequest& r : trace.requests) {
    const bool hit = store.request(r);
    if (r.at < kWarmSeconds) continue;
    const TraceObject& object = trace.objects[r.object];
    const std::uint64_t size = r.block + 1 == object.blocks ? object.last_bytes : kBlockBytes;
    ++requests;
    bytes += size;
    if (!hit) continue;
    ++hits;
    hit_bytes += size;
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - started;
  std::printf(
      "%s{\"trace\":\"%s\",\"cache\":%g,\"policy\":\"%s\",\"requests\":%.2f,\"bytes\":%.2f,"
      "\"ns\":%.0f}",
      separator, shape, percent, policy,
      100.0 * static_cast<double>(hits) / static_cast<double>(requests),
      100.0 * static_cast<double>(hit_bytes) / static_cast<double>(bytes),
      took.count() / static_cast<double>(trace.requests.size()));
  separator = ",\n";
}

}  // namespace

int main() {
  std::printf("[");
  for (const Case& c : cases()) {
    const Trace trace = make_trace(c.shape);
    for (const double percent : {1.0, 3.0, 10.0, 30.0}) {
      measure<Published<Lru>>("lru", c.name, trace, percent);
      measure<Published<Sieve>>("sieve", c.name, trace, percent);
      measure<Published<S3Fifo>>("s3-fifo", c.name, trace, percent);
      measure<Published<Arc>>("arc", c.name, trace, percent);
      measure<Published<WTinyLfu>>("w-tinylfu", c.name, trace, percent);
      measure<Weir<1>>("weir/1", c.name, trace, percent);
      measure<Weir<8>>("weir/8", c.name, trace, percent);
    }
  }
  std::printf("]\n");
  return 0;
}
