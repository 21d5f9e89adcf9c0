// What leaves a full store: an eviction policy over units (a block, or a few adjacent ones) that
// lives in memory shared between processes.
//
// How it decides
// - New units wait in a queue (`fresh`) that is held at a tenth of all. Whoever comes to its end is
//   compared with the least valuable of the next kSample settled units under a hand that goes
//   round: the loser leaves. So one pass of a crawler ends in the queue and touches nothing else.
// - Value = uses of the unit + views of its object, weighted by how far from the object's start the
//   unit is: views say that a beginning will be wanted again, hardly that an end will. Tails of
//   half-watched films leave first. Media headers count kHeaderValue more, and leave last.
// - Uses and views are sketches (use_sketch.h) that outlive the units, and are halved every
//   kAgeing * capacity() uses. They need no ghost lists.
// Chosen by measured hit ratio: t/bench/cache_policy_bench.cc, figures in ARCHITECTURE.md.
//
// Memory: 34 bytes a unit (16 the slot, 16 uses, 2 views), see bytes_for(): 4.3 bytes a block with
// units of 8 blocks, which cost no hit ratio that can be told from noise. Nothing is allocated
// later. 32-bit indices, no pointers: the region may be mapped at different addresses.
//
// Who may call: note_use() from any process at any time, without a lock: it writes two or four
// bytes and a counter. All the rest under the store's lock. Every call is O(1): at most kTries
// looks.
//
// Victims are advice. The policy is told of units that come, not of those that go (purged,
// replaced, cut off): the caller says what has become of a unit when the policy names it, and only
// then it is forgotten. A unit that is named twice, or of an entry that has been given to another
// object, costs a look, or at worst an eviction that was not the best; never wrong bytes.
//
// After kill -9 inside a call: the next holder of the lock finds interrupted(), and calls repair(),
// which makes a sound policy of any bytes whatever (O(capacity)): lists are walked as far as they
// make sense, units found on none join the fresh queue, slots without a unit are free. At most two
// units are then held but on no list: the one last named by evict(), if its bytes had not gone yet
// (last_victim() says which it was), and the one that was about to be admitted, which its filler,
// or whoever takes the fill over, knows. admit() them then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/store/use_sketch.h"

namespace weir {

// Names a unit of a stored object.
struct UnitRef {
  std::uint32_t entry = 0;        // the caller's: index of the object's entry
  std::uint32_t unit = 0;         // number of the unit in the object, below kMaxUnits
  std::uint32_t object_hash = 0;  // of the object's key: the same when it comes back
  friend bool operator==(const UnitRef&, const UnitRef&) = default;
};
inline constexpr std::uint32_t kMaxUnits = 1U << 22;

// Where in its object a unit lies: 0 the start .. 255 the end; 0 also where that is not known.
struct UnitPlace {
  std::uint8_t part = 0;
  bool media_header = false;
  bool whole = false;  // the object has no other unit
  // Of unit `unit` of `units`.
  static UnitPlace of(std::uint32_t unit, std::uint32_t units, bool media_header = false) noexcept;
};

enum class UnitFate : std::uint8_t {
  kEvictable,  // held, may go
  kBusy,       // held, but being filled or read: later
  kPinned,     // held, must stay: forgotten here until it is admitted again
  kGone,       // not held any more
};

class CachePolicy {
 public:
  // Asks the caller about a unit; called under its lock, must not call back.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual UnitFate fate(const UnitRef& ref) noexcept = 0;
  };

  static constexpr std::uint32_t kMaxCapacity = 1U << 26;
  static constexpr std::uint32_t kSample = 8;
  static constexpr std::uint32_t kTries = 128;
  static constexpr std::uint32_t kAgeing = 20;
  static constexpr std::uint32_t kHeaderValue = 24;  // as so many uses

  // Bytes of a region for `capacity` units, 1..kMaxCapacity.
  static std::size_t bytes_for(std::uint32_t capacity) noexcept;

  // Makes a new, empty policy in `region` (8-byte aligned, bytes_for(capacity) long).
  static CachePolicy format(std::span<std::uint8_t> region, std::uint32_t capacity) noexcept;
  // Takes over one that another process, or another life, has made. nullopt: it is none, or of
  // another size.
  static std::optional<CachePolicy> attach(std::span<std::uint8_t> region) noexcept;

  // A request reads on into this unit: once a request and unit, hit or miss. That of an object's
  // first unit is a view of the object.
  void note_use(const UnitRef& ref, UnitPlace place) noexcept;

  // A unit is held from now on. False: no slot is left; evict() first. Pinned units are not
  // admitted.
  bool admit(const UnitRef& ref, UnitPlace place) noexcept;

  // Names the unit to give up, and forgets it. nullopt: nothing evictable was found in kTries looks
  // (all busy, pinned or gone): stream without storing.
  std::optional<UnitRef> evict(Owner& owner) noexcept;

  std::uint32_t size() const noexcept;
  std::uint32_t capacity() const noexcept;
  std::uint32_t value(const UnitRef& ref, UnitPlace place) const noexcept;

  bool interrupted() const noexcept;
  UnitRef last_victim() const noexcept;
  void repair() noexcept;

  // For tests: every unit on exactly one list, every slot accounted for.
  bool sound() const noexcept;
  void pretend_interrupted() noexcept;

 private:
  struct Header;
  struct Slot;
  class Busy;

  explicit CachePolicy(std::span<std::uint8_t> region) noexcept;
  std::uint32_t take_free() noexcept;
  void give_free(std::uint32_t slot) noexcept;
  void push_fresh(std::uint32_t slot) noexcept;
  std::uint32_t pop_fresh() noexcept;
  void settle(std::uint32_t slot) noexcept;
  void settle_surplus(std::uint32_t most) noexcept;
  std::uint32_t worst_settled(Owner& owner, std::uint32_t& tries) noexcept;
  std::uint32_t oldest_fresh(Owner& owner, std::uint32_t& tries) noexcept;
  UnitRef give_up(std::uint32_t slot) noexcept;
  std::uint32_t value_of(const Slot& slot) const noexcept;
  void age() noexcept;
  std::uint32_t adopt_fresh_chain() noexcept;
  void adopt_stray(std::uint32_t slot) noexcept;

  Header* header_ = nullptr;
  std::span<Slot> slots_;
  UseSketch uses_;
  UseSketch views_;
  std::uint32_t use_counters_ = 0;
  std::uint32_t view_counters_ = 0;
};

}  // namespace weir
