// What all workers share beside the stores, in one shared memory zone of fixed size that survives
// reloads: the verdicts on tokens, and counters. Any worker; the lock is held for a copy of at most
// a kilobyte.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/errors.h"

namespace weir::edge {

struct EdgeCounters {
  static constexpr std::size_t kTokenCodes = 32;  // ErrorCode::kToken… are below
  std::atomic<std::uint64_t> tokens_verified;     // signatures checked and found good
  std::atomic<std::uint64_t> tokens_cached;       // verdicts found in the cache
  std::array<std::atomic<std::uint64_t>, kTokenCodes> tokens_refused;  // by code
  std::atomic<std::uint64_t> headers_refused;  // header files that did not decode
  std::atomic<std::uint64_t> pieces_corrupt;   // sealed pieces with a record that did not open
  std::atomic<std::uint64_t> records_opened;
};

// Adds the zone to the configuration; the same one for every caller.
ngx_shm_zone_t* add_edge_state(ngx_conf_t* cf);

class EdgeState {
 public:
  // What a good signature said: serialised claims, kept under sha256 of key set and token. Never
  // the token.
  static constexpr std::size_t kMaxClaims = 896;
  struct Claims {
    std::array<std::uint8_t, kMaxClaims> bytes;
    std::size_t length = 0;
    ByteView view() const noexcept { return ByteView(bytes).first(length); }
  };

  explicit EdgeState(ngx_shm_zone_t* zone) noexcept : zone_(zone) {}

  bool find(const Digest& key, Claims* out) noexcept;
  // Longer claims than kMaxClaims are not kept. `expires_at`: when the slot is the first to be
  // reused.
  void keep(const Digest& key, ByteView claims, std::int64_t expires_at, std::int64_t now) noexcept;

  EdgeCounters& counters() noexcept;

 private:
  ngx_shm_zone_t* zone_;
};

}  // namespace weir::edge
