#include "core/store/object_index.h"

#include <cstring>
#include <new>

namespace weir {

ObjectIndex* ObjectIndex::create(IndexAllocator& memory, std::size_t buckets,
                                 std::uint64_t seed) noexcept {
  std::size_t count = 64;
  while (count < buckets) count *= 2;
  void* place = memory.allocate(sizeof(ObjectIndex));
  auto* table = static_cast<ObjectEntry**>(memory.allocate(count * sizeof(ObjectEntry*)));
  if (place == nullptr || table == nullptr) return nullptr;
  std::memset(static_cast<void*>(table), 0, count * sizeof(ObjectEntry*));
  auto* index = new (place) ObjectIndex{};
  index->buckets_ = table;
  index->mask_ = count - 1;
  index->seed_ = seed;
  index->next_serial_ = 1;
  return index;
}

// FNV-1a over the seed and the key, then a finalizer (that of splitmix64): the seed is random, so a
// visitor cannot choose keys that share a bucket.
std::uint64_t ObjectIndex::hash_of(std::string_view key) const noexcept {
  std::uint64_t h = 0xcbf29ce484222325ULL ^ seed_;
  for (const char c : key) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3ULL;
  }
  h ^= h >> 30;
  h *= 0xbf58476d1ce4e5b9ULL;
  h ^= h >> 27;
  h *= 0x94d049bb133111ebULL;
  return h ^ (h >> 31);
}

ObjectEntry* ObjectIndex::find(std::string_view key) const noexcept {
  const std::uint64_t hash = hash_of(key);
  for (ObjectEntry* e = *bucket_of(hash); e != nullptr; e = e->hash_next) {
    if (e->hash == hash && std::string_view(e->key, e->key_length) == key) return e;
  }
  return nullptr;
}

ObjectEntry* ObjectIndex::take_entry(IndexAllocator& memory, std::int64_t now) noexcept {
  ObjectEntry* entry = free_first_;
  const bool rested =
      entry != nullptr && (entry->state.load(std::memory_order_relaxed) != ObjectState::kFailed ||
                           now - entry->last_used >= kQuarantine);
  if (!rested) {
    if (void* place = memory.allocate(sizeof(ObjectEntry)); place != nullptr) {
      return new (place) ObjectEntry{};
    }
    if (entry == nullptr) return nullptr;
  }
  free_first_ = entry->hash_next;
  if (free_first_ == nullptr) free_last_ = nullptr;
  return entry;
}

ObjectEntry* ObjectIndex::insert(IndexAllocator& memory, std::string_view key,
                                 std::int64_t now) noexcept {
  auto* copy = static_cast<char*>(memory.allocate(key.size() + 1));
  if (copy == nullptr) return nullptr;
  ObjectEntry* entry = take_entry(memory, now);
  if (entry == nullptr) {
    memory.release(copy);
    return nullptr;
  }
  // From here on whoever followed the old version sees another serial.
  entry->serial.store(next_serial_++, std::memory_order_seq_cst);
  std::memcpy(copy, key.data(), key.size());
  copy[key.size()] = '\0';
  entry->key = copy;
  entry->key_length = static_cast<std::uint32_t>(key.size());
  entry->hash = hash_of(key);
  entry->block_count = 0;
  entry->blocks = nullptr;
  entry->file = 0;
  entry->reserved_bytes = 0;
  entry->last_used = now;
  entry->discard = false;
  entry->meta = ObjectMeta{};
  entry->total.store(kUnknownTotal, std::memory_order_relaxed);
  entry->waiters.store(0, std::memory_order_relaxed);
  entry->failure.store(0, std::memory_order_relaxed);
  entry->fill.pos.store(0, std::memory_order_relaxed);
  entry->fill.epoch.store(1, std::memory_order_relaxed);
  entry->fill.owner.store(-1, std::memory_order_relaxed);
  entry->fill.pid.store(0, std::memory_order_relaxed);
  entry->state.store(ObjectState::kAwaitingHeader, std::memory_order_seq_cst);

  ObjectEntry** bucket = bucket_of(entry->hash);
  entry->hash_next = *bucket;
  *bucket = entry;
  link_newest(entry);
  ++size_;
  return entry;
}

void ObjectIndex::remove(IndexAllocator& memory, ObjectEntry* entry, std::int64_t now) noexcept {
  ObjectEntry** link = bucket_of(entry->hash);
  while (*link != entry) link = &(*link)->hash_next;
  *link = entry->hash_next;
  unlink_order(entry);
  --size_;
  memory.release(entry->key);
  if (entry->blocks != nullptr) memory.release(entry->blocks);
  entry->key = nullptr;
  entry->blocks = nullptr;
  entry->last_used = now;
  entry->hash_next = nullptr;
  if (free_last_ != nullptr) {
    free_last_->hash_next = entry;
  } else {
    free_first_ = entry;
  }
  free_last_ = entry;
}

void ObjectIndex::touch(ObjectEntry* entry, std::int64_t now) noexcept {
  entry->last_used = now;
  if (entry == newest_) return;
  unlink_order(entry);
  link_newest(entry);
}

void ObjectIndex::demote(ObjectEntry* entry) noexcept {
  if (entry == oldest_) return;
  unlink_order(entry);
  entry->older = nullptr;
  entry->newer = oldest_;
  oldest_->older = entry;
  oldest_ = entry;
}

void ObjectIndex::link_newest(ObjectEntry* entry) noexcept {
  entry->newer = nullptr;
  entry->older = newest_;
  if (newest_ != nullptr) newest_->newer = entry;
  newest_ = entry;
  if (oldest_ == nullptr) oldest_ = entry;
}

void ObjectIndex::unlink_order(ObjectEntry* entry) noexcept {
  (entry->newer != nullptr ? entry->newer->older : newest_) = entry->older;
  (entry->older != nullptr ? entry->older->newer : oldest_) = entry->newer;
}

}  // namespace weir
