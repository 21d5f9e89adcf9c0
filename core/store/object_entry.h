// One version of one object as all workers see it. Lives in memory shared between processes, so:
// nothing here has a constructor that matters, points outside of that memory, or is ever unmapped.
//
// Who may touch what
// - Everything but the atomics: whoever holds the store's lock.
// - Entries are type-stable: their memory is only ever used for entries again. So a reader may look
//   at the atomics of an entry without the lock, at any time, as long as it compares `serial` with
//   the one it attached to: another serial means that the version it followed is gone.
// - `fill.pos` is advanced without the lock by the fill's owner alone, after the bytes are in the
//   file. A fill that was taken over finds another epoch and stops.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "core/base/errors.h"

namespace weir {

inline constexpr std::uint64_t kUnknownTotal = ~std::uint64_t{0};

enum class ObjectState : std::uint32_t {
  kFree = 0,        // in no index; set when the entry is given back
  kAwaitingHeader,  // set by whoever claims a fill: nothing is known of the object yet
  kFilling,         // set by the fill when status and validators are known: meta is readable
  kDone,            // set by the fill after its last byte: all bytes are in the file
  kFailed,  // set by the fill when it gives up: `failure` is readable, the entry is in no index
};

// The order of an entry's life; anything else is a bug.
constexpr bool may_become(ObjectState from, ObjectState to) noexcept {
  switch (to) {
    case ObjectState::kAwaitingHeader:
      return from == ObjectState::kFree;
    case ObjectState::kFilling:
      return from == ObjectState::kAwaitingHeader;
    case ObjectState::kDone:
      return from == ObjectState::kFilling;
    case ObjectState::kFailed:
      return from == ObjectState::kAwaitingHeader || from == ObjectState::kFilling;
    case ObjectState::kFree:
      return from == ObjectState::kDone || from == ObjectState::kFailed;
  }
  return false;
}

// A string of bounded length that can lie in shared memory and in a file head.
template <std::size_t kSize>
struct FixedText {
  std::uint8_t length = 0;
  char text[kSize] = {};

  std::string_view view() const noexcept { return {text, length}; }
  // False, and empty, when it does not fit.
  bool assign(std::string_view from) noexcept {
    static_assert(kSize < 256);
    length = 0;
    if (from.size() > kSize) return false;
    for (std::size_t i = 0; i < from.size(); ++i) text[i] = from[i];
    length = static_cast<std::uint8_t>(from.size());
    return true;
  }
};

struct ObjectMeta {
  FixedText<119> etag;  // with quotes; empty: the origin gave none (or a longer one)
  FixedText<95> content_type;
  std::int64_t last_modified = -1;  // seconds since 1970; -1: not known
  std::int64_t fresh_until = 0;     // seconds since 1970
};

// True when bytes of `a` and of `b` may be put together: the origin gave a validator, and the same.
bool same_version(const ObjectMeta& a, const ObjectMeta& b) noexcept;
bool has_validator(const ObjectMeta& meta) noexcept;

struct FillSlot {
  std::atomic<std::uint64_t> pos;    // bytes [0, pos) are in the file
  std::atomic<std::uint64_t> epoch;  // counts the owners; a new one fences the old off
  std::atomic<std::int32_t> owner;   // the owner's slot on the wake board; -1: nobody
  std::atomic<std::int32_t> pid;     // of the owner: a slot may have gone to another process
};

struct ObjectEntry {
  // Links of the index; the free list uses hash_next.
  ObjectEntry* hash_next;
  ObjectEntry* newer;
  ObjectEntry* older;
  std::uint64_t hash;
  char* key;
  std::uint32_t key_length;

  std::uint32_t block_count;
  std::uint32_t*
      blocks;          // per block the length of its valid prefix; nullptr while total is unknown
  std::uint64_t file;  // names the file; 0: none yet
  std::uint64_t reserved_bytes;
  std::int64_t last_used;
  bool discard;  // the origin forbids keeping it: dropped when the fill ends
  ObjectMeta meta;

  std::atomic<std::uint64_t> serial;  // never used twice in a zone
  std::atomic<ObjectState> state;
  std::atomic<std::uint64_t> total;
  std::atomic<std::uint64_t> waiters;  // bit per worker slot: wake it when something changes
  std::atomic<std::uint32_t> failure;  // see pack_failure
  FillSlot fill;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// An ErrorCode and the origin's HTTP status (0: none) in one word.
constexpr std::uint32_t pack_failure(ErrorCode code, unsigned status) noexcept {
  return static_cast<std::uint32_t>(code) << 16 | (status & 0xffffU);
}
constexpr ErrorCode failure_code(std::uint32_t packed) noexcept {
  return static_cast<ErrorCode>(packed >> 16);
}
constexpr unsigned failure_status(std::uint32_t packed) noexcept {
  return packed & 0xffffU;
}

}  // namespace weir
