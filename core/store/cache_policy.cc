#include "core/store/cache_policy.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace weir {
namespace {

constexpr std::uint64_t kMagic = 0x57454952504f4c31;  // "WEIRPOL1"
constexpr std::uint32_t kNil = 0x3fffffff;            // of 30-bit slot numbers
constexpr std::uint8_t kUseLimit = 15;
constexpr std::uint8_t kViewLimit = 255;
constexpr std::uint32_t kFreshShare = 10;  // the fresh queue is one in so many
constexpr std::uint32_t kTailLoss = 154;   // of 256: what views count less at the very end

enum List : std::uint32_t { kFree = 0, kFresh = 1, kSettled = 2 };

// What is counted are also those that came and went: fewer counters than these cost hit ratio.
std::uint32_t use_counters_for(std::uint32_t capacity) noexcept {
  return capacity * 16 + 64;
}
std::uint32_t view_counters_for(std::uint32_t capacity) noexcept {
  return capacity * 2 + 64;
}

std::uint64_t use_key(const UnitRef& ref) noexcept {
  return std::uint64_t{ref.object_hash} << 22 | (ref.unit & (kMaxUnits - 1));
}

}  // namespace

// Everything a killed process may have left half done.
struct CachePolicy::Header {
  std::uint64_t magic;
  std::uint64_t uses;  // noted since the beginning, racy on purpose
  std::uint64_t aged;  // of them, how many the ageing has answered to
  std::uint32_t capacity;
  std::uint32_t busy;  // a call is at work
  std::uint32_t free_first;
  std::uint32_t fresh_oldest;
  std::uint32_t fresh_newest;
  std::uint32_t fresh_size;
  std::uint32_t settled_size;
  std::uint32_t hand;
  std::uint32_t victim_entry;  // what was named last: last_victim()
  std::uint32_t victim_unit;
  std::uint32_t victim_hash;
  std::uint32_t use_cursor;
  std::uint32_t view_cursor;
};

struct CachePolicy::Slot {
  std::uint32_t entry;
  std::uint32_t object_hash;
  std::uint32_t unit_and_place;  // media header, whole: 1 bit each, unit: 22, part: 8
  std::uint32_t link;            // list: 2 bits, next slot on it: 30

  UnitRef ref() const noexcept {
    return {entry, unit_and_place >> 8 & (kMaxUnits - 1), object_hash};
  }
  UnitPlace place() const noexcept {
    return {static_cast<std::uint8_t>(unit_and_place & 0xffU), unit_and_place >> 31 != 0,
            (unit_and_place >> 30 & 1U) != 0};
  }
  std::uint32_t next() const noexcept { return link & kNil; }
  std::uint32_t list() const noexcept { return link >> 30; }
  void hold(const UnitRef& ref, UnitPlace place) noexcept {
    entry = ref.entry;
    object_hash = ref.object_hash;
    unit_and_place = (place.media_header ? 1U << 31 : 0U) | (place.whole ? 1U << 30 : 0U) |
                     ref.unit << 8 | place.part;
  }
  void put_on(List list, std::uint32_t next) noexcept { link = std::uint32_t{list} << 30 | next; }
};

// Marks the time in which lists do not hang together. The fences keep the compiler from moving the
// work out of it; another process sees the stores of one that was killed in the order they were
// made.
class CachePolicy::Busy {
 public:
  explicit Busy(Header& header) noexcept : header_(header) {
    std::atomic_ref(header_.busy).store(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  ~Busy() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    std::atomic_ref(header_.busy).store(0, std::memory_order_relaxed);
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  Header& header_;
};

UnitPlace UnitPlace::of(std::uint32_t unit, std::uint32_t units, bool media_header) noexcept {
  if (units <= 1) return {0, media_header, true};
  const std::uint64_t part = std::uint64_t{std::min(unit, units - 1)} * 255 / (units - 1);
  return {static_cast<std::uint8_t>(part), media_header, false};
}

std::size_t CachePolicy::bytes_for(std::uint32_t capacity) noexcept {
  return sizeof(Header) + std::size_t{capacity} * sizeof(Slot) + use_counters_for(capacity) +
         view_counters_for(capacity);
}

// The header must hold a capacity that fits the region.
CachePolicy::CachePolicy(std::span<std::uint8_t> region) noexcept
    : header_(reinterpret_cast<Header*>(region.data())), uses_({}, 0), views_({}, 0) {
  const std::uint32_t capacity = header_->capacity;
  std::uint8_t* at = region.data() + sizeof(Header);
  slots_ = {reinterpret_cast<Slot*>(at), capacity};
  at += std::size_t{capacity} * sizeof(Slot);
  use_counters_ = use_counters_for(capacity);
  view_counters_ = view_counters_for(capacity);
  uses_ = UseSketch({at, use_counters_}, kUseLimit);
  views_ = UseSketch({at + use_counters_, view_counters_}, kViewLimit);
}

CachePolicy CachePolicy::format(std::span<std::uint8_t> region, std::uint32_t capacity) noexcept {
  std::memset(region.data(), 0, bytes_for(capacity));
  auto* header = reinterpret_cast<Header*>(region.data());
  header->capacity = capacity;
  CachePolicy policy(region);
  policy.repair();  // of nothing but free slots
  header->magic = kMagic;
  return policy;
}

std::optional<CachePolicy> CachePolicy::attach(std::span<std::uint8_t> region) noexcept {
  if (region.size() < sizeof(Header)) return std::nullopt;
  const auto* header = reinterpret_cast<const Header*>(region.data());
  const std::uint32_t capacity = header->capacity;
  if (header->magic != kMagic || capacity == 0 || capacity > kMaxCapacity) return std::nullopt;
  if (bytes_for(capacity) != region.size()) return std::nullopt;
  return CachePolicy(region);
}

std::uint32_t CachePolicy::size() const noexcept {
  return header_->fresh_size + header_->settled_size;
}
std::uint32_t CachePolicy::capacity() const noexcept {
  return header_->capacity;
}

bool CachePolicy::interrupted() const noexcept {
  return std::atomic_ref(header_->busy).load(std::memory_order_relaxed) != 0;
}
UnitRef CachePolicy::last_victim() const noexcept {
  return {header_->victim_entry, header_->victim_unit, header_->victim_hash};
}
void CachePolicy::pretend_interrupted() noexcept {
  header_->busy = 1;
}

void CachePolicy::note_use(const UnitRef& ref, UnitPlace place) noexcept {
  uses_.note(use_key(ref));
  if (ref.unit == 0 && !place.whole) views_.note(ref.object_hash);
  std::atomic_ref(header_->uses).fetch_add(1, std::memory_order_relaxed);
}

std::uint32_t CachePolicy::value(const UnitRef& ref, UnitPlace place) const noexcept {
  const std::uint32_t uses = uses_.estimate(use_key(ref));
  // Of an object of one unit each use is a view, counted once.
  const std::uint32_t views = place.whole ? uses : views_.estimate(ref.object_hash);
  const std::uint32_t value = uses * 256 + views * (256 - place.part * kTailLoss / 255);
  return place.media_header ? value + kHeaderValue * 256 : value;
}

std::uint32_t CachePolicy::value_of(const Slot& slot) const noexcept {
  return value(slot.ref(), slot.place());
}

// Uses are counted without the lock; the ageing they call for is done here, a bounded part at a
// time. Over kAgeing * capacity uses every counter is halved once.
void CachePolicy::age() noexcept {
  const std::uint64_t uses = std::atomic_ref(header_->uses).load(std::memory_order_relaxed);
  const std::uint64_t period = std::uint64_t{kAgeing} * header_->capacity;
  std::uint64_t due = uses - header_->aged;
  if (due > 2 * period) due = 2 * period;  // after a repair, or a long calm
  // One step halves 64 use counters, and their share of the view counters.
  const std::uint64_t step = std::max<std::uint64_t>(1, period * 64 / use_counters_);
  const std::uint32_t views_a_step = std::max(1U, view_counters_ / (use_counters_ / 64));
  header_->aged = uses - due;
  for (int i = 0; i < 4 && due >= step; ++i, due -= step) {
    header_->use_cursor = uses_.age(header_->use_cursor, 64);
    header_->view_cursor = views_.age(header_->view_cursor, views_a_step);
    header_->aged += step;
  }
}

std::uint32_t CachePolicy::take_free() noexcept {
  const std::uint32_t slot = header_->free_first;
  if (slot != kNil) header_->free_first = slots_[slot].next();
  return slot;
}

void CachePolicy::give_free(std::uint32_t slot) noexcept {
  slots_[slot].put_on(kFree, header_->free_first);
  header_->free_first = slot;
}

void CachePolicy::push_fresh(std::uint32_t slot) noexcept {
  slots_[slot].put_on(kFresh, kNil);
  if (header_->fresh_newest == kNil) {
    header_->fresh_oldest = slot;
  } else {
    slots_[header_->fresh_newest].put_on(kFresh, slot);
  }
  header_->fresh_newest = slot;
  ++header_->fresh_size;
}

std::uint32_t CachePolicy::pop_fresh() noexcept {
  const std::uint32_t slot = header_->fresh_oldest;
  header_->fresh_oldest = slots_[slot].next();
  if (header_->fresh_oldest == kNil) header_->fresh_newest = kNil;
  --header_->fresh_size;
  return slot;
}

void CachePolicy::settle(std::uint32_t slot) noexcept {
  slots_[slot].put_on(kSettled, kNil);
  ++header_->settled_size;
}

bool CachePolicy::admit(const UnitRef& ref, UnitPlace place) noexcept {
  if (ref.unit >= kMaxUnits) return false;
  const Busy busy(*header_);
  const std::uint32_t slot = take_free();
  if (slot == kNil) return false;
  slots_[slot].hold(ref, place);
  push_fresh(slot);
  settle_surplus(2);
  return true;
}

// While a store fills up nobody is evicted and all would wait in the fresh queue: what is too much
// for it settles unexamined, `most` at a time.
void CachePolicy::settle_surplus(std::uint32_t most) noexcept {
  for (; most > 0 && header_->fresh_size > size() / (kFreshShare / 2) + kSample; --most) {
    settle(pop_fresh());
  }
}

// The first of the fresh that may go, those before it dealt with; kNil when there is none.
std::uint32_t CachePolicy::oldest_fresh(Owner& owner, std::uint32_t& tries) noexcept {
  while (header_->fresh_size > 0 && tries-- > 0) {
    const std::uint32_t slot = pop_fresh();
    switch (owner.fate(slots_[slot].ref())) {
      case UnitFate::kEvictable:
        return slot;
      case UnitFate::kBusy:
        push_fresh(slot);
        break;
      case UnitFate::kPinned:
      case UnitFate::kGone:
        give_free(slot);
        break;
    }
    if (tries == 0) break;
  }
  return kNil;
}

// The least valuable of the next kSample settled units under the hand; it stays on its list.
std::uint32_t CachePolicy::worst_settled(Owner& owner, std::uint32_t& tries) noexcept {
  std::uint32_t worst = kNil;
  std::uint32_t least = 0;
  std::uint32_t sampled = 0;
  while (sampled < kSample && header_->settled_size > 0 && tries > 0) {
    --tries;
    const std::uint32_t at = header_->hand;
    header_->hand = at + 1 < header_->capacity ? at + 1 : 0;
    if (slots_[at].list() != kSettled) continue;
    if (at == worst) break;  // all the way round
    const UnitFate fate = owner.fate(slots_[at].ref());
    if (fate == UnitFate::kPinned || fate == UnitFate::kGone) {
      --header_->settled_size;
      give_free(at);
    }
    if (fate != UnitFate::kEvictable) continue;
    const std::uint32_t value = value_of(slots_[at]);
    ++sampled;
    if (worst == kNil || value < least) {
      worst = at;
      least = value;
    }
  }
  return worst;
}

UnitRef CachePolicy::give_up(std::uint32_t slot) noexcept {
  const UnitRef ref = slots_[slot].ref();
  header_->victim_entry = ref.entry;
  header_->victim_unit = ref.unit;
  header_->victim_hash = ref.object_hash;
  give_free(slot);
  return ref;
}

std::optional<UnitRef> CachePolicy::evict(Owner& owner) noexcept {
  const Busy busy(*header_);
  age();
  settle_surplus(kSample);  // there is some after a repair
  std::uint32_t tries = kTries / 2;
  const bool fresh_due =
      header_->fresh_size * std::uint64_t{kFreshShare} > size() || header_->settled_size == 0;
  const std::uint32_t candidate = fresh_due ? oldest_fresh(owner, tries) : kNil;
  tries = kTries / 2;
  const std::uint32_t worst = worst_settled(owner, tries);
  if (worst == kNil) {
    if (candidate != kNil) return give_up(candidate);
    tries = kTries / 2;
    const std::uint32_t last = fresh_due ? kNil : oldest_fresh(owner, tries);
    if (last == kNil) return std::nullopt;
    return give_up(last);
  }
  if (candidate != kNil && value_of(slots_[candidate]) <= value_of(slots_[worst])) {
    return give_up(candidate);
  }
  if (candidate != kNil) settle(candidate);
  --header_->settled_size;
  return give_up(worst);
}

namespace {
constexpr std::uint32_t kAdopted = 3;  // a list number that nothing but repair() uses
}

// Walks the chain that begins at fresh_oldest as far as it makes sense: slots that say they are
// fresh, each once. Marks them kAdopted and leaves the last of them in fresh_newest.
std::uint32_t CachePolicy::adopt_fresh_chain() noexcept {
  std::uint32_t at = header_->fresh_oldest;
  std::uint32_t last = kNil;
  std::uint32_t count = 0;
  while (at < header_->capacity && slots_[at].list() == kFresh) {
    const std::uint32_t next = slots_[at].next();
    slots_[at].link = kAdopted << 30 | kNil;
    if (last != kNil) slots_[last].link = kAdopted << 30 | at;
    last = at;
    at = next;
    ++count;
  }
  if (count == 0) header_->fresh_oldest = kNil;
  header_->fresh_newest = last;
  return count;
}

// A fresh slot that the chain did not lead to goes to its end.
void CachePolicy::adopt_stray(std::uint32_t slot) noexcept {
  slots_[slot].link = kAdopted << 30 | kNil;
  if (header_->fresh_newest == kNil) {
    header_->fresh_oldest = slot;
  } else {
    slots_[header_->fresh_newest].link = kAdopted << 30 | slot;
  }
  header_->fresh_newest = slot;
  ++header_->fresh_size;
}

void CachePolicy::repair() noexcept {
  header_->busy = 1;
  for (Slot& slot : slots_) {
    if (slot.list() == kAdopted) slot.put_on(kFresh, slot.next());  // a repair that was cut short
  }
  header_->fresh_size = adopt_fresh_chain();
  header_->settled_size = 0;
  header_->free_first = kNil;
  for (std::uint32_t i = header_->capacity; i-- > 0;) {
    if (slots_[i].list() == kSettled) settle(i);
    if (slots_[i].list() == kFresh) adopt_stray(i);
    if (slots_[i].list() == kFree) give_free(i);
  }
  std::uint32_t at = header_->fresh_oldest;
  for (std::uint32_t i = 0; i < header_->fresh_size; ++i) {
    const std::uint32_t next = slots_[at].next();
    slots_[at].put_on(kFresh, next);
    at = next;
  }
  if (header_->hand >= header_->capacity) header_->hand = 0;
  header_->aged = header_->uses;
  header_->busy = 0;
}

bool CachePolicy::sound() const noexcept {
  std::uint32_t free_slots = 0;
  std::uint32_t at = header_->free_first;
  for (; at != kNil && free_slots <= capacity(); ++free_slots) {
    if (at >= capacity() || slots_[at].list() != kFree) return false;
    at = slots_[at].next();
  }
  std::uint32_t fresh = 0;
  std::uint32_t last = kNil;
  for (at = header_->fresh_oldest; at != kNil && fresh <= capacity(); ++fresh) {
    if (at >= capacity() || slots_[at].list() != kFresh) return false;
    last = at;
    at = slots_[at].next();
  }
  std::uint32_t settled = 0;
  for (const Slot& slot : slots_) settled += slot.list() == kSettled ? 1U : 0U;
  return fresh == header_->fresh_size && last == header_->fresh_newest &&
         settled == header_->settled_size && fresh + settled + free_slots == capacity();
}

}  // namespace weir
