#include "ngx_module/store/store.h"

#include <algorithm>
#include <cstdio>
#include <new>

#include <sys/statvfs.h>

#include "core/store/block_map.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/glue/wake.h"

namespace weir::edge {

namespace {

constexpr int kEvictionsPerReserve = 64;

ngx_log_t* process_log() noexcept {
  return ngx_cycle->log;
}

class Lock {
 public:
  explicit Lock(ngx_slab_pool_t* pool) noexcept : pool_(pool) { ngx_shmtx_lock(&pool_->mutex); }
  ~Lock() { ngx_shmtx_unlock(&pool_->mutex); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  ngx_slab_pool_t* pool_;
};

}  // namespace

// The zone's memory, under the lock.
class Store::Zone final : public IndexAllocator {
 public:
  explicit Zone(ngx_slab_pool_t* pool) noexcept : pool_(pool) {}
  void* allocate(std::size_t bytes) noexcept override {
    return ngx_slab_alloc_locked(pool_, bytes);
  }
  void release(void* memory) noexcept override { ngx_slab_free_locked(pool_, memory); }

 private:
  ngx_slab_pool_t* pool_;
};

std::uint64_t Store::objects() const noexcept {
  const Lock lock(pool_);
  return shared_->index->size();
}

ngx_int_t Store::init_zone(ngx_shm_zone_t* zone, const Store* before) noexcept {
  pool_ = reinterpret_cast<ngx_slab_pool_t*>(zone->shm.addr);
  if (before != nullptr) {
    shared_ = before->shared_;
    return NGX_OK;
  }
  if (zone->shm.exists) {
    shared_ = static_cast<Shared*>(pool_->data);
    return NGX_OK;
  }
  pool_->log_nomem = 0;  // a full zone is no fault: what does not fit is not kept
  const Lock lock(pool_);
  Zone memory(pool_);
  void* place = memory.allocate(sizeof(Shared));
  constexpr std::size_t kBytesPerBucket = 2048;
  const auto seed = static_cast<std::uint64_t>(ngx_random()) << 32 ^
                    static_cast<std::uint64_t>(ngx_random()) ^ static_cast<std::uint64_t>(ngx_pid);
  ObjectIndex* index = ObjectIndex::create(memory, zone->shm.size / kBytesPerBucket, seed);
  if (place == nullptr || index == nullptr) {
    ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0, "weir_store \"%V\": the zone is too small",
                  &zone->shm.name);
    return NGX_ERROR;
  }
  shared_ = new (place) Shared{};
  shared_->index = index;
  shared_->run =
      (static_cast<std::uint64_t>(ngx_time()) << 16 ^ static_cast<std::uint64_t>(ngx_pid)) &
      std::uint64_t{0xffffffffffff};
  shared_->next_file = 1;
  shared_->fresh = true;
  pool_->data = shared_;
  return NGX_OK;
}

bool Store::evict_one_locked(std::vector<std::uint64_t>& files) {
  constexpr int kLook = 64;
  int looked = 0;
  for (ObjectEntry* e = shared_->index->oldest(); e != nullptr && looked < kLook;
       e = ObjectIndex::next_newer(e), ++looked) {
    const ObjectState state = e->state.load();
    const bool idle =
        state == ObjectState::kDone || !WakeBoard::alive(e->fill.owner.load(), e->fill.pid.load());
    if (!idle) continue;
    shared_->counters.evicted_blocks += e->block_count;
    remove_locked(e, files);
    return true;
  }
  return false;
}

// A removed entry that was not done is failed for those who still follow it.
void Store::remove_locked(ObjectEntry* entry, std::vector<std::uint64_t>& files) {
  const ObjectState state = entry->state.load();
  if (state != ObjectState::kDone && state != ObjectState::kFailed) {
    entry->failure.store(pack_failure(ErrorCode::kStoreFull, 0), std::memory_order_relaxed);
    entry->state.store(ObjectState::kFailed, std::memory_order_seq_cst);
  }
  if (entry->file != 0) files.push_back(entry->file);
  shared_->counters.bytes -= entry->reserved_bytes;
  entry->reserved_bytes = 0;
  Zone memory(pool_);
  shared_->index->remove(memory, entry, ngx_time());
}

ObjectEntry* Store::insert_locked(std::string_view key, std::vector<std::uint64_t>& files) {
  Zone memory(pool_);
  constexpr int kTries = 8;
  for (int i = 0; i < kTries; ++i) {
    ObjectEntry* entry = shared_->index->insert(memory, key, ngx_time());
    if (entry != nullptr) return entry;
    if (!evict_one_locked(files)) return nullptr;
  }
  return nullptr;
}

Attachment Store::attach(std::string_view key) {
  std::vector<std::uint64_t> files;
  Attachment a;
  {
    const Lock lock(pool_);
    ObjectEntry* e = shared_->index->find(key);
    const std::int64_t now = ngx_time();
    if (e != nullptr && e->state.load() == ObjectState::kDone && e->meta.fresh_until <= now) {
      remove_locked(e, files);  // stale: the next version is another entry
      e = nullptr;
    }
    if (e == nullptr) {
      e = insert_locked(key, files);
      if (e != nullptr) {
        a.kind = Attachment::Kind::kClaimed;
        e->fill.owner.store(WakeBoard::own_slot());
        e->fill.pid.store(ngx_pid);
      }
    } else if (e->state.load() == ObjectState::kDone) {
      a.kind = Attachment::Kind::kHit;
      a.file = e->file;
      a.total = e->total.load();
      a.meta = e->meta;
      if (e->last_used != now) shared_->index->touch(e, now);
    } else if (WakeBoard::alive(e->fill.owner.load(), e->fill.pid.load())) {
      a.kind = Attachment::Kind::kJoined;
    } else {
      a.kind = Attachment::Kind::kClaimed;
      e->fill.epoch.fetch_add(1);
      e->fill.owner.store(WakeBoard::own_slot());
      e->fill.pid.store(ngx_pid);
    }
    if (e != nullptr) {
      a.entry = e;
      a.serial = e->serial.load();
      a.epoch = e->fill.epoch.load();
    }
  }
  delete_files(files);
  switch (a.kind) {
    case Attachment::Kind::kHit:
      ++counters().hits;
      break;
    case Attachment::Kind::kJoined:
      ++counters().collapsed;
      break;
    case Attachment::Kind::kClaimed:
    case Attachment::Kind::kNoRoom:
      ++counters().misses;
      break;
  }
  return a;
}

std::optional<Store::Snapshot> Store::snapshot(const ObjectEntry* entry,
                                               std::uint64_t serial) const {
  const Lock lock(pool_);
  if (entry->serial.load() != serial || entry->file == 0) return std::nullopt;
  return Snapshot{entry->file, entry->discard, entry->meta};
}

std::optional<std::uint64_t> Store::take_over(ObjectEntry* entry, std::uint64_t serial) {
  const Lock lock(pool_);
  const ObjectState state = entry->state.load();
  if (entry->serial.load() != serial || entry->key == nullptr ||
      (state != ObjectState::kAwaitingHeader && state != ObjectState::kFilling) ||
      WakeBoard::alive(entry->fill.owner.load(), entry->fill.pid.load())) {
    return std::nullopt;
  }
  entry->fill.owner.store(WakeBoard::own_slot());
  entry->fill.pid.store(ngx_pid);
  return entry->fill.epoch.fetch_add(1) + 1;
}

void Store::forget(ObjectEntry* entry, std::uint64_t serial) {
  std::vector<std::uint64_t> files;
  {
    const Lock lock(pool_);
    if (entry->serial.load() != serial || entry->key == nullptr) return;
    if (entry->state.load() == ObjectState::kFilling) entry->discard = true;
    if (entry->state.load() != ObjectState::kDone) return;
    remove_locked(entry, files);
  }
  delete_files(files);
}

std::string Store::path_of(std::uint64_t file) const {
  char name[64];
  std::snprintf(name, sizeof(name), "/%02x/%012llx-%llx", static_cast<unsigned>(file & 0xff),
                static_cast<unsigned long long>(shared_->run),
                static_cast<unsigned long long>(file));
  return std::string(as_view(settings_.path)) + name;
}

ngx_str_t Store::path_of(std::uint64_t file, ngx_pool_t* pool) const {
  return copy_ngx_str(pool, path_of(file));
}

bool Store::owns_locked(const ObjectEntry* entry, std::uint64_t serial,
                        std::uint64_t epoch) const noexcept {
  return entry->serial.load() == serial && entry->fill.epoch.load() == epoch &&
         entry->key != nullptr;
}

bool Store::owns(const ObjectEntry* entry, std::uint64_t serial,
                 std::uint64_t epoch) const noexcept {
  return entry->serial.load(std::memory_order_acquire) == serial &&
         entry->fill.epoch.load(std::memory_order_acquire) == epoch;
}

std::uint64_t Store::disk_free() const noexcept {
  struct statvfs fs {};
  if (statvfs(reinterpret_cast<const char*>(settings_.path.data), &fs) != 0) {
    return ~std::uint64_t{0};
  }
  return static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
}

bool Store::reserve(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch,
                    std::uint64_t bytes) {
  if (bytes > settings_.max_size) return false;
  for (int round = 0; round < kEvictionsPerReserve; ++round) {
    const bool low = settings_.min_free != 0 && disk_free() < settings_.min_free + bytes;
    std::vector<std::uint64_t> files;
    bool evicted = false;
    {
      const Lock lock(pool_);
      if (!owns_locked(entry, serial, epoch)) return false;
      const std::uint64_t used = shared_->counters.bytes.load();
      if (!low && used <= settings_.max_size - bytes) {
        shared_->counters.bytes += bytes;
        entry->reserved_bytes += bytes;
        return true;
      }
      evicted = evict_one_locked(files);
    }
    delete_files(files);
    if (!evicted) return false;
  }
  return false;
}

std::uint64_t Store::new_file_number() {
  const Lock lock(pool_);
  return shared_->next_file++;
}

bool Store::publish(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch,
                    std::uint64_t file, std::uint64_t total, const ObjectMeta& meta, bool discard) {
  const Lock lock(pool_);
  if (!owns_locked(entry, serial, epoch)) return false;
  if (total != kUnknownTotal) {
    const std::uint64_t count = BlockMap::block_count(total, settings_.block);
    if (count > UINT32_MAX) return false;
    Zone memory(pool_);
    if (count != 0) {
      entry->blocks = static_cast<std::uint32_t*>(memory.allocate(count * sizeof(std::uint32_t)));
      if (entry->blocks == nullptr) return false;
      std::fill_n(entry->blocks, count, 0U);
    }
    entry->block_count = static_cast<std::uint32_t>(count);
  }
  entry->file = file;
  entry->meta = meta;
  entry->discard = discard;
  entry->total.store(total, std::memory_order_relaxed);
  entry->state.store(ObjectState::kFilling, std::memory_order_seq_cst);
  return true;
}

bool Store::advance(ObjectEntry* entry, std::uint64_t epoch, std::uint64_t from,
                    std::uint64_t to) noexcept {
  if (entry->fill.epoch.load(std::memory_order_acquire) != epoch) return false;
  return entry->fill.pos.compare_exchange_strong(from, to, std::memory_order_seq_cst);
}

void Store::mark(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch, std::uint64_t from,
                 std::uint64_t to) {
  const Lock lock(pool_);
  if (!owns_locked(entry, serial, epoch) || entry->blocks == nullptr) return;
  BlockMap({entry->blocks, entry->block_count}, settings_.block, entry->total.load())
      .mark(from, to);
}

bool Store::finish(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch,
                   std::uint64_t total) {
  const Lock lock(pool_);
  if (!owns_locked(entry, serial, epoch)) return false;
  if (entry->reserved_bytes > total) {
    shared_->counters.bytes -= entry->reserved_bytes - total;
    entry->reserved_bytes = total;
  }
  entry->total.store(total, std::memory_order_relaxed);
  entry->fill.owner.store(-1, std::memory_order_relaxed);
  entry->fill.pid.store(0, std::memory_order_relaxed);
  if (entry->discard) {
    // Its reader may not have opened the file yet: swept away in a moment, stale till then.
    entry->meta.fresh_until = 0;
    entry->last_used = ngx_time();
    shared_->index->demote(entry);
  }
  entry->state.store(ObjectState::kDone, std::memory_order_seq_cst);
  return true;
}

void Store::fail(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch,
                 std::uint32_t failure) {
  std::vector<std::uint64_t> files;
  {
    const Lock lock(pool_);
    if (!owns_locked(entry, serial, epoch)) return;
    entry->failure.store(failure, std::memory_order_relaxed);
    entry->state.store(ObjectState::kFailed, std::memory_order_seq_cst);
    remove_locked(entry, files);
  }
  delete_files(files);
}

bool Store::may_sweep(const ObjectEntry* entry) const noexcept {
  if (entry->state.load() != ObjectState::kDone) return false;
  constexpr std::int64_t kDiscardAfter = 2;
  const std::int64_t idle = ngx_time() - entry->last_used;
  if (entry->discard) return idle >= kDiscardAfter;
  return settings_.inactive != 0 && idle >= settings_.inactive;
}

void Store::sweep() {
  std::vector<std::uint64_t> files;
  {
    const Lock lock(pool_);
    constexpr int kAtOnce = 32;
    ObjectEntry* e = shared_->index->oldest();
    for (int i = 0; e != nullptr && i < kAtOnce; ++i) {
      ObjectEntry* newer = ObjectIndex::next_newer(e);
      if (may_sweep(e)) {
        shared_->counters.evicted_blocks += e->block_count;
        remove_locked(e, files);
      }
      e = newer;
    }
  }
  delete_files(files);
}

void Store::delete_files(const std::vector<std::uint64_t>& files) const noexcept {
  for (const std::uint64_t file : files) {
    const std::string path = path_of(file);
    if (unlink(path.c_str()) == -1 && ngx_errno != NGX_ENOENT) {
      ngx_log_error(NGX_LOG_ERR, process_log(), ngx_errno, "weir: unlink(\"%s\") failed",
                    path.c_str());
    }
  }
}

Store* StoreSet::find(std::string_view name) const noexcept {
  for (Store* store : stores_) {
    if (store->name() == name) return store;
  }
  return nullptr;
}

}  // namespace weir::edge
