#include "ngx_module/http/edge_state.h"

#include <cstring>
#include <new>

#include "ngx_module/glue/str.h"
#include "ngx_module/http/module.h"

namespace weir::edge {

namespace {

constexpr std::size_t kZoneBytes = 16U << 20;
constexpr std::size_t kWays = 4;
constexpr std::size_t kSets = 4096;
constexpr std::size_t kSlots = kSets * kWays;

// Kept apart from the claims, so that a zone that is hardly used touches little memory.
struct Slot {
  Digest key;
  std::int64_t expires_at;
  std::uint16_t length;  // 0: empty
  std::uint8_t used;     // since the clock hand last passed
};

struct Shared {
  EdgeCounters counters;
  std::array<Slot, kSlots> slots;
  std::array<std::uint8_t, kSets> hands;
  std::uint8_t* claims;  // kSlots of kMaxClaims
};

Shared* shared_of(ngx_shm_zone_t* zone) noexcept {
  return static_cast<Shared*>(zone->data);
}

// nginx calls this at every configuration; `data` is the former zone's.
ngx_int_t init_zone(ngx_shm_zone_t* zone, void* data) {
  if (data != nullptr) {
    zone->data = data;
    return NGX_OK;
  }
  auto* pool = reinterpret_cast<ngx_slab_pool_t*>(zone->shm.addr);
  if (zone->shm.exists) {
    zone->data = pool->data;
    return NGX_OK;
  }
  auto* shared = static_cast<Shared*>(ngx_slab_calloc(pool, sizeof(Shared)));
  if (shared == nullptr) return NGX_ERROR;
  shared->claims = static_cast<std::uint8_t*>(ngx_slab_alloc(pool, kSlots * EdgeState::kMaxClaims));
  if (shared->claims == nullptr) return NGX_ERROR;
  pool->data = zone->data = shared;
  return NGX_OK;
}

class Lock {
 public:
  explicit Lock(ngx_shm_zone_t* zone) noexcept
      : pool_(reinterpret_cast<ngx_slab_pool_t*>(zone->shm.addr)) {
    ngx_shmtx_lock(&pool_->mutex);
  }
  ~Lock() { ngx_shmtx_unlock(&pool_->mutex); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  ngx_slab_pool_t* pool_;
};

std::size_t set_of(const Digest& key) noexcept {
  std::size_t n = 0;
  std::memcpy(&n, key.data(), sizeof(n));
  return n % kSets;
}

std::uint8_t* claims_of(Shared& shared, const Slot& slot) noexcept {
  const auto index = static_cast<std::size_t>(&slot - shared.slots.data());
  return shared.claims + index * EdgeState::kMaxClaims;
}

Slot* find_slot(Shared& shared, const Digest& key) noexcept {
  Slot* set = &shared.slots[set_of(key) * kWays];
  for (std::size_t way = 0; way < kWays; ++way) {
    if (set[way].length != 0 && set[way].key == key) return &set[way];
  }
  return nullptr;
}

// An empty or expired slot of the key's set, else the first one the hand finds unused.
Slot& slot_to_reuse(Shared& shared, const Digest& key, std::int64_t now) noexcept {
  const std::size_t index = set_of(key);
  Slot* set = &shared.slots[index * kWays];
  for (std::size_t way = 0; way < kWays; ++way) {
    if (set[way].length == 0 || set[way].expires_at < now) return set[way];
  }
  std::uint8_t& hand = shared.hands[index];
  for (;; hand = static_cast<std::uint8_t>((hand + 1) % kWays)) {
    Slot& slot = set[hand];
    if (slot.used == 0) {
      hand = static_cast<std::uint8_t>((hand + 1) % kWays);
      return slot;
    }
    slot.used = 0;
  }
}

}  // namespace

ngx_shm_zone_t* add_edge_state(ngx_conf_t* cf) {
  ngx_str_t name = as_ngx_str(std::string_view("weir_edge_state"));
  ngx_shm_zone_t* zone = ngx_shared_memory_add(cf, &name, kZoneBytes, &ngx_http_weir_module);
  if (zone != nullptr) zone->init = init_zone;
  return zone;
}

bool EdgeState::find(const Digest& key, Claims* out) noexcept {
  Shared& shared = *shared_of(zone_);
  const Lock lock(zone_);
  Slot* slot = find_slot(shared, key);
  if (slot == nullptr) return false;
  slot->used = 1;
  out->length = slot->length;
  std::memcpy(out->bytes.data(), claims_of(shared, *slot), slot->length);
  return true;
}

void EdgeState::keep(const Digest& key, ByteView claims, std::int64_t expires_at,
                     std::int64_t now) noexcept {
  if (claims.empty() || claims.size() > kMaxClaims) return;
  Shared& shared = *shared_of(zone_);
  const Lock lock(zone_);
  if (find_slot(shared, key) != nullptr) return;  // another worker was first
  Slot& slot = slot_to_reuse(shared, key, now);
  // A worker that dies in here leaves an empty slot, never half a verdict.
  slot.length = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::memcpy(claims_of(shared, slot), claims.data(), claims.size());
  slot.key = key;
  slot.expires_at = expires_at;
  slot.used = 1;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  slot.length = static_cast<std::uint16_t>(claims.size());
}

EdgeCounters& EdgeState::counters() noexcept {
  return shared_of(zone_)->counters;
}

}  // namespace weir::edge
