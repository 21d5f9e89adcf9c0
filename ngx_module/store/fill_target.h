// Where the bytes of a fill go. Two kinds: an entry of a store with its file (shared by all
// workers), and a window: a bounded buffer for one reader, when nothing can or shall be kept. One
// thread.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/errors.h"
#include "core/store/object_entry.h"
#include "ngx_module/store/store.h"

namespace weir::edge {

enum class WriteResult : std::uint8_t {
  kOk,
  kLost,    // the object is not ours any more: another owner, or nobody reads; stop quietly
  kNoRoom,  // the disk is full
};

class FillTarget {
 public:
  virtual ~FillTarget() = default;

  // What readers look at.
  virtual ObjectEntry* entry() noexcept = 0;
  // Bytes [0, position()) (of a window: [its start, position())) were taken by write().
  std::uint64_t position() const noexcept { return position_; }
  // True when metadata was published, by this fill or the one it took over from.
  virtual bool begun() const noexcept = 0;
  virtual const ObjectMeta& meta() const noexcept = 0;
  virtual std::uint64_t total() const noexcept = 0;

  // Publishes the metadata.
  virtual WriteResult begin(const ObjectMeta& meta, std::uint64_t total, bool discard) = 0;
  // The total became known later (a resumed answer says it).
  virtual void set_total(std::uint64_t total) = 0;
  // How many bytes may be written now. 0: wait, `on_room` of the fill will be called.
  virtual std::uint64_t room() noexcept = 0;
  // Appends at position() and publishes.
  virtual WriteResult write(ByteView bytes) = 0;
  // The object ends at position().
  virtual WriteResult finish() = 0;
  virtual void fail(ErrorCode code, unsigned origin_status) = 0;
  virtual bool still_wanted() noexcept = 0;
  // What a write that was put off met later; the bound call is made then.
  virtual WriteResult fault() const noexcept { return WriteResult::kOk; }

  virtual StoreCounters* counters() noexcept = 0;  // nullptr: nobody counts
  // `call(fill)` when there is room again, or nobody wants the bytes any more; until the target
  // goes.
  virtual void bind(void (*)(void*), void*) noexcept {}

 protected:
  std::uint64_t position_ = 0;
};

// For an entry that Store::attach or take_over let us claim.
std::unique_ptr<FillTarget> make_store_target(Store& store, ObjectEntry* entry,
                                              std::uint64_t serial, std::uint64_t epoch,
                                              std::string key);

// A bounded buffer (a memory file whose read part is given back) between one fill and one reader.
// Shared by the two; the last one frees it.
class Window {
 public:
  // Bytes held at most. Throws std::bad_alloc when there is no descriptor for it.
  explicit Window(std::uint64_t start);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  static constexpr std::uint64_t kSize = 4 << 20;

  ObjectEntry entry{};         // state, pos, total, failure, meta: as for a stored object
  std::uint64_t start = 0;     // the first byte asked from the origin
  std::uint64_t consumed = 0;  // the reader is past this byte
  ngx_fd_t fd = NGX_INVALID_FILE;
  bool abandoned = false;  // the reader left
  // Set by the fill: called when the reader made room or left.
  void (*on_room)(void* fill) = nullptr;
  void* fill = nullptr;

  // By the reader: nothing before `at` is needed any more.
  void consume(std::uint64_t at);
  void abandon();
};

std::unique_ptr<FillTarget> make_window_target(std::shared_ptr<Window> window);

// Tells all who follow `entry` that it changed: here, and in the workers whose bits are set.
void announce(ObjectEntry* entry) noexcept;

}  // namespace weir::edge
