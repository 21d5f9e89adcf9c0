// The pull interface through which every content handler reads: local library, then store, then
// origin (a fill that the reader joins or starts).
//
// Usage, in a content handler:
//
//   ObjectReader* reader = ObjectReader::open(request, on_ready, me);
//   switch (reader->info(&info)) {
//     case Progress::kReady:  ...; break;
//     case Progress::kParked: r->main->count++; return NGX_DONE;  // on_ready(me) will be called
//     case Progress::kFailed: return send_problem(r, reader->error());
//   }
//   switch (reader->extent(at, want, &extent)) { ... the same three ... }
//
// Contract
// - One thread: the worker that opened it. Nothing blocks but reads of local files.
// - open() never fails visibly: what goes wrong is reported by info() or extent() as kFailed.
// - info() and extent() never call on_ready from inside. After kParked the reader owns the waiting
//   (waiter bit, wake-ups from any worker, a non-cancelable timer) and calls on_ready exactly once,
//   from the event loop; call info() or extent() again there: kParked again is possible. No call is
//   due after kReady or kFailed. Only one call can be parked at a time; a later call replaces it.
//   Posted requests of r->connection are run after on_ready, as after any nginx event handler.
// - The handler holds its own reference (r->main->count++) while it is parked; it gives it back
// with
//   ngx_http_finalize_request.
// - extent() gives a run of bytes that are in a file now: send it (in_file buffer with `file`) or
//   pread it from `fd`. The run stays readable until release(), a later extent() that starts after
//   it (only where `window` is set: bytes behind the new start may be given up), or the end of the
//   request. Runs are as long as possible; cut to `want`.
// - Several readers may live in one request, one after the other or at once. Descriptors are owned
//   by the reader's pool; release() gives the interest up early (the descriptor lives on till the
//   pool goes: buffers may still point at it).
// - A fill goes on when its readers leave. A reader never mixes two versions of an object: if the
//   origin's object changed in mid-body, extent() fails with kOriginChanged.
// - kFailed is final. After bytes were sent the handler must end the answer as an error (return
//   NGX_ERROR from the handler or finalize with it), never as a clean end.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "core/base/errors.h"
#include "ngx_module/store/source.h"

namespace weir::edge {

enum class CacheStatus : std::uint8_t {
  kNone,    // not known yet, or nothing of ours
  kLocal,   // from weir_root
  kHit,     // from the store, whole
  kFill,    // from the store, while another request's fill brings it
  kMiss,    // from the origin; this request started the fill
  kBypass,  // from the origin, nothing kept (no weir_cache, no room)
};
std::string_view name_of(CacheStatus status) noexcept;  // "LOCAL", "HIT", …

// What the bytes must be, so that a wrong answer of an origin is refused (502, kOriginStatus)
// before it is kept or shown.
enum class ObjectKind : std::uint8_t {
  kAny,
  kPiece,   // immutable; an HTML page is refused
  kHeader,  // begins with "ENPH"; an HTML page is refused
};

struct ObjectRequest {
  ngx_http_request_t* r = nullptr;
  // Owner of the reader, its descriptors and its extents; null: r->pool. Whoever reads many objects
  // in one request gives each a pool of its own, destroyed once nothing sent points there any more:
  // a request must not hold a descriptor a piece.
  ngx_pool_t* pool = nullptr;
  const ObjectSource* source = nullptr;  // of the location; lives as long as the configuration
  std::string_view key;  // path as the origin knows it, escaped, with "?args" if any
  std::string_view
      library_path;  // under weir_root, decoded, no leading slash; empty: not looked up
  ObjectKind kind = ObjectKind::kAny;
  // What will be read: a hint for what to fetch first.
  std::uint64_t offset = 0;
  std::uint64_t length = std::numeric_limits<std::uint64_t>::max();
};

struct ObjectInfo {
  CacheStatus status = CacheStatus::kNone;
  std::optional<std::uint64_t> total;        // not known: the origin sends chunks and has not ended
  ngx_str_t content_type = ngx_null_string;  // as the origin said; empty for local files
  ngx_str_t etag = ngx_null_string;  // with quotes; made from mtime and size for local files
  time_t last_modified = -1;         // -1: not known
  std::uint64_t held = 0;            // bytes from 0 on that are here now
  bool complete = false;             // every byte is here
};

enum class Progress : std::uint8_t {
  kReady,
  kParked,
  kFailed,
  kEnd,  // extent() only: `at` is the end of the object, known to be complete
};

struct Extent {
  ngx_fd_t fd = NGX_INVALID_FILE;
  ngx_file_t* file = nullptr;     // for ngx_buf_t::file; lives in the reader's pool
  std::uint64_t file_offset = 0;  // where the bytes are in the file
  std::uint64_t length = 0;       // >= 1
  bool window = false;            // a pass-through: bytes behind the next extent() may be given up
};

class ObjectReader {
 public:
  // Called from the event loop when a parked call is worth repeating.
  using OnReady = void (*)(void* owner);

  // Allocated in request.pool; never nullptr (throws std::bad_alloc when the pool is out of
  // memory). Strings of `request` are copied.
  static ObjectReader* open(const ObjectRequest& request, OnReady on_ready, void* owner);

  // Metadata. kReady once status and headers are known; `out` is then filled.
  Progress info(ObjectInfo* out);

  // Bytes from `at`, at most `want`. Implies waiting for info().
  Progress extent(std::uint64_t at, std::uint64_t want, Extent* out);

  // Where the object comes from, as far as that is known: also when it failed.
  CacheStatus status() const noexcept;

  // Why info() or extent() said kFailed; its HTTP status is http_status(error().code).
  const Error& error() const noexcept;

  // The bytes read are not what they must be (a tag, a length, a rule of the format): a store's
  // copy is forgotten, so that the next request fetches it anew. Nothing happens to a local file.
  void invalidate() noexcept;

  // No further interest: unparks, forgets the fill.
  void release() noexcept;

  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

 protected:
  ObjectReader() = default;
  ~ObjectReader() = default;
};

}  // namespace weir::edge
