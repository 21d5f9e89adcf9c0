// One weir_store: a directory of sparse files and their index in shared memory. The Store object is
// configuration (one per process, read-only in workers); what it points to with shared() is common
// to all workers. Every method locks by itself, shortly; none but the file operations named so
// touches a disk.
//
// Files: DIR/xx/<run>-<number>, xx the number's low byte, <run> drawn when the index was made: two
// indexes (a binary upgrade, a zone of another size) never share a name. An index that is new
// starts with an empty directory: files nobody knows of are removed.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/object_entry.h"
#include "core/store/object_index.h"
#include "ngx_module/store/source.h"

namespace weir::edge {

struct StoreCounters {
  std::atomic<std::uint64_t> hits;
  std::atomic<std::uint64_t> misses;
  std::atomic<std::uint64_t> fills;
  std::atomic<std::uint64_t> collapsed;  // requests that joined another's fill
  std::atomic<std::uint64_t> origin_requests;
  std::atomic<std::uint64_t> origin_bytes;
  std::atomic<std::uint64_t> served_bytes;
  std::atomic<std::uint64_t> evicted_blocks;
  std::atomic<std::uint64_t> crc_errors;
  std::atomic<std::uint64_t> bytes;  // reserved on disk by objects
};

struct StoreSettings {
  std::string_view name;
  ngx_str_t path = ngx_null_string;  // no trailing slash, NUL after it
  std::uint64_t max_size = ~std::uint64_t{0};
  std::uint64_t min_free = 0;
  std::uint32_t block = 1 << 20;
  std::int64_t inactive = 0;  // seconds; 0: for ever
};

struct Attachment {
  enum class Kind : std::uint8_t {
    kHit,      // entry is done
    kJoined,   // another's fill runs
    kClaimed,  // the caller must start a fill with `epoch`, from entry->fill.pos
    kNoRoom,   // the zone is full: no entry
  };
  Kind kind = Kind::kNoRoom;
  ObjectEntry* entry = nullptr;
  std::uint64_t serial = 0;
  std::uint64_t epoch = 0;
  // kHit: copies made under the lock.
  std::uint64_t file = 0;
  std::uint64_t total = 0;
  ObjectMeta meta;
};

class Store {
 public:
  explicit Store(const StoreSettings& settings) : settings_(settings) {}

  std::string_view name() const noexcept { return settings_.name; }
  const StoreSettings& settings() const noexcept { return settings_; }
  StoreCounters& counters() const noexcept { return shared_->counters; }
  std::uint64_t objects() const noexcept;

  // Configuration and start.
  ngx_int_t init_zone(ngx_shm_zone_t* zone, const Store* before) noexcept;
  // In the master: the directory is there, belongs to the workers, and is empty if the index is
  // new.
  ngx_int_t prepare_directory(ngx_cycle_t* cycle) noexcept;

  // Readers.
  Attachment attach(std::string_view key);
  // The metadata of what `entry` is now; nullopt when it is no longer version `serial`.
  struct Snapshot {
    std::uint64_t file;
    bool discard;  // for the viewer alone whose request made the fill
    ObjectMeta meta;
  };
  std::optional<Snapshot> snapshot(const ObjectEntry* entry, std::uint64_t serial) const;
  // Takes over the fill of an owner that is gone: the new epoch; nullopt when there is nothing to
  // take.
  std::optional<std::uint64_t> take_over(ObjectEntry* entry, std::uint64_t serial);
  // The file of an object is not there, or holds what it must not: forget the object, if need be
  // when its fill ends.
  void forget(ObjectEntry* entry, std::uint64_t serial);
  ngx_str_t path_of(std::uint64_t file, ngx_pool_t* pool) const;  // NUL after it
  std::string path_of(std::uint64_t file) const;

  // Fills. All are without effect, and say so, when the fill is not the owner's any more.
  bool owns(const ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch) const noexcept;
  // Room on disk for `bytes` more; evicts for it.
  bool reserve(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch, std::uint64_t bytes);
  std::uint64_t new_file_number();
  // Publishes the metadata: readers may open the file, which must exist by then.
  bool publish(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch, std::uint64_t file,
               std::uint64_t total, const ObjectMeta& meta, bool discard);
  // Moves pos. The bytes must be in the file.
  static bool advance(ObjectEntry* entry, std::uint64_t epoch, std::uint64_t from,
                      std::uint64_t to) noexcept;
  void mark(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch, std::uint64_t from,
            std::uint64_t to);
  bool finish(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch, std::uint64_t total);
  void fail(ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch, std::uint32_t failure);

  // Every second or so: drops what nobody asked for in `inactive`, and what may not be kept.
  void sweep();

 private:
  struct Shared {
    ObjectIndex* index;
    StoreCounters counters;
    std::uint64_t run;
    std::uint64_t next_file;
    bool fresh;  // the directory was not cleaned yet
  };
  class Zone;

  bool owns_locked(const ObjectEntry* entry, std::uint64_t serial,
                   std::uint64_t epoch) const noexcept;
  void remove_locked(ObjectEntry* entry, std::vector<std::uint64_t>& files);
  ObjectEntry* insert_locked(std::string_view key, std::vector<std::uint64_t>& files);
  bool may_sweep(const ObjectEntry* entry) const noexcept;
  bool evict_one_locked(std::vector<std::uint64_t>& files);
  void delete_files(const std::vector<std::uint64_t>& files) const noexcept;
  std::uint64_t disk_free() const noexcept;

  StoreSettings settings_;
  ngx_slab_pool_t* pool_ = nullptr;
  Shared* shared_ = nullptr;
};

// Owned by the configuration pool.
class StoreSet {
 public:
  Store* find(std::string_view name) const noexcept;
  void add(Store* store) { stores_.push_back(store); }
  const std::vector<Store*>& all() const noexcept { return stores_; }

 private:
  std::vector<Store*> stores_;
};

}  // namespace weir::edge
