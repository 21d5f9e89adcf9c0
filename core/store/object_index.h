// The index of a store: entries by key, and in the order of their use. Lies in shared memory; every
// call is made under the store's lock. Memory comes from an allocator that the caller brings: the
// zone's in nginx, the heap in tests.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/store/object_entry.h"

namespace weir {

// Allocates in the memory that the index lies in. May return nullptr.
class IndexAllocator {
 public:
  virtual ~IndexAllocator() = default;
  virtual void* allocate(std::size_t bytes) noexcept = 0;
  virtual void release(void* memory) noexcept = 0;
};

class ObjectIndex {
 public:
  // `buckets` is rounded up to a power of two. nullptr when out of memory.
  static ObjectIndex* create(IndexAllocator& memory, std::size_t buckets,
                             std::uint64_t seed) noexcept;

  ObjectEntry* find(std::string_view key) const noexcept;

  // A new entry in kAwaitingHeader with an own serial, the newest. `key` must not be in the index.
  // nullptr when out of memory.
  ObjectEntry* insert(IndexAllocator& memory, std::string_view key, std::int64_t now) noexcept;

  // Out of the index, its key and blocks given back; the entry itself waits on the free list. Its
  // atomics keep their values until it is used again (a failed entry: not before kQuarantine
  // seconds, unless memory is short), so that those who follow it can still read how it ended.
  void remove(IndexAllocator& memory, ObjectEntry* entry, std::int64_t now) noexcept;

  void touch(ObjectEntry* entry, std::int64_t now) noexcept;  // makes it the newest

  void demote(ObjectEntry* entry) noexcept;  // makes it the oldest

  ObjectEntry* oldest() const noexcept { return oldest_; }
  static ObjectEntry* next_newer(const ObjectEntry* entry) noexcept { return entry->newer; }

  std::uint64_t size() const noexcept { return size_; }

  static constexpr std::int64_t kQuarantine = 10;

 private:
  std::uint64_t hash_of(std::string_view key) const noexcept;
  ObjectEntry** bucket_of(std::uint64_t hash) const noexcept { return &buckets_[hash & mask_]; }
  ObjectEntry* take_entry(IndexAllocator& memory, std::int64_t now) noexcept;
  void link_newest(ObjectEntry* entry) noexcept;
  void unlink_order(ObjectEntry* entry) noexcept;

  ObjectEntry** buckets_;
  std::uint64_t mask_;
  std::uint64_t seed_;
  std::uint64_t next_serial_;
  std::uint64_t size_;
  ObjectEntry* newest_;
  ObjectEntry* oldest_;
  ObjectEntry* free_first_;  // the longest there
  ObjectEntry* free_last_;
};

}  // namespace weir
