// Long because it is one state machine: where an object comes from, followed until its last byte,
// whatever breaks on the way.
#include "ngx_module/store/reader.h"

#include <algorithm>
#include <memory>
#include <string>

#include "core/store/object_head.h"
#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/pool.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/glue/wake.h"
#include "ngx_module/store/fill.h"
#include "ngx_module/store/fill_target.h"
#include "ngx_module/store/store_worker.h"

namespace weir::edge {

namespace {

ngx_pool_t* pool_of(const ObjectRequest& request) noexcept {
  return request.pool != nullptr ? request.pool : request.r->pool;
}

class Reader final : public ObjectReader {
 public:
  Reader(const ObjectRequest& request, OnReady on_ready, void* owner);
  ~Reader() {
    end_of_request_->handler = nullptr;
    release();
  }

  Progress info(ObjectInfo* out);
  Progress extent(std::uint64_t at, std::uint64_t want, Extent* out);
  void invalidate() noexcept;
  void release() noexcept;
  const Error& error() const noexcept { return error_; }
  CacheStatus status() const noexcept { return status_; }

 private:
  enum class Mode : std::uint8_t {
    kNew,
    kLocal,   // file_ is the object
    kHit,     // file_ is a whole store file
    kFollow,  // entry_ is filled by somebody; file_ is open once the metadata is known
    kWindow,  // window_ is filled for us alone
    kFailed,
  };

  void choose();
  bool open_local();
  void attach();
  bool open_hit(const Attachment& a);
  void follow(const Attachment& a);
  void open_window(std::uint64_t from);
  void begin_fill(std::unique_ptr<FillTarget> target);
  bool adopt_meta(const ObjectMeta& meta, std::uint64_t total);

  // Looks at what is followed, once; sets `available` to the end of the readable bytes.
  Progress look(std::uint64_t at, std::uint64_t* available);
  Progress look_at_entry(std::uint64_t at, std::uint64_t* available);
  bool open_followed();
  Progress lost(std::uint64_t at, std::uint64_t* available);
  Progress entry_failed(std::uint64_t at, std::uint64_t* available);
  void look_after_owner();

  // Repeats look() until there is what is wanted (the metadata, or byte `at`), or it is worth
  // waiting.
  enum class Want : std::uint8_t { kMeta, kBytes };
  Progress wait_for(Want want, std::uint64_t at, std::uint64_t* available);
  Progress failed(Error error);
  static void woken(void* self) noexcept;

  ngx_http_request_t* r_;
  ngx_pool_t* pool_;
  ngx_http_cleanup_t* end_of_request_;
  ObjectSource source_;
  std::string key_;
  std::string library_path_;
  ObjectKind kind_;
  OnReady on_ready_;
  void* owner_;

  Mode mode_ = Mode::kNew;
  CacheStatus status_ = CacheStatus::kNone;
  OpenFile file_;
  ObjectEntry* entry_ = nullptr;   // kFollow, kWindow
  ObjectEntry* stored_ = nullptr;  // kFollow, kHit: what invalidate() is about, with serial_
  std::uint64_t serial_ = 0;
  bool info_known_ = false;
  ObjectMeta meta_;
  std::uint64_t total_ = kUnknownTotal;
  std::shared_ptr<Window> window_;
  ngx_file_t* window_file_ = nullptr;
  bool window_adopted_ = false;  // meta_ is that of this window
  bool delivered_ = false;       // bytes were handed out
  Waiter waiter_;
  Error error_;
  unsigned attachments_ = 0;
};

Reader::Reader(const ObjectRequest& request, OnReady on_ready, void* owner)
    : r_(request.r),
      pool_(pool_of(request)),
      source_(*request.source),
      key_(request.key),
      library_path_(request.library_path),
      kind_(request.kind),
      on_ready_(on_ready),
      owner_(owner) {
  // When the request is ended, before its pool goes: nothing may wake the reader any more.
  end_of_request_ = ngx_http_cleanup_add(r_, 0);
  if (end_of_request_ == nullptr) throw std::bad_alloc();
  end_of_request_->data = this;
  end_of_request_->handler = [](void* reader) noexcept { static_cast<Reader*>(reader)->release(); };
  waiter_.r = r_;
  waiter_.fire = woken;
  waiter_.owner = this;
}

Progress Reader::failed(Error error) {
  release();
  error_ = std::move(error);
  mode_ = Mode::kFailed;
  return Progress::kFailed;
}

void Reader::release() noexcept {
  if (waiter_.parked) StoreWorker::current()->hub.unpark(waiter_);
  if (window_ != nullptr) {
    const std::shared_ptr<Window> window = std::move(window_);
    window->abandon();
  }
  entry_ = nullptr;
}

void Reader::invalidate() noexcept {
  if ((mode_ == Mode::kHit || mode_ == Mode::kFollow) && stored_ != nullptr) {
    source_.store->forget(stored_, serial_);
  }
}

// ---- where the object is ----

bool Reader::open_local() {
  if (source_.root.len == 0 || library_path_.empty()) return false;
  const std::size_t length = source_.root.len + 1 + library_path_.size();
  auto* data = static_cast<u_char*>(ngx_pnalloc(pool_, length + 1));
  if (data == nullptr) throw std::bad_alloc();
  u_char* p = ngx_cpymem(data, source_.root.data, source_.root.len);
  *p++ = '/';
  p = ngx_cpymem(p, library_path_.data(), library_path_.size());
  *p = '\0';
  return StoreWorker::current()->files.open_library(r_, pool_, {length, data}, &file_) == NGX_OK;
}

void Reader::choose() {
  if (open_local()) {
    mode_ = Mode::kLocal;
    status_ = CacheStatus::kLocal;
    info_known_ = true;
    total_ = static_cast<std::uint64_t>(file_.size);
    return;
  }
  if (source_.origin.len == 0) {
    failed({ErrorCode::kNotFound, "nothing here has this name"});
  } else if (source_.store == nullptr) {
    open_window(0);
  } else {
    attach();
  }
}

// Finds or makes the entry of the object. Also comes here again when the version that was followed
// is gone: then the new one must be the same.
void Reader::attach() {
  constexpr unsigned kMaxAttachments = 16;
  std::string name(as_view(source_.identity));
  name += as_view(source_.origin);
  name += key_;
  while (++attachments_ <= kMaxAttachments) {
    const Attachment a = source_.store->attach(name);
    switch (a.kind) {
      case Attachment::Kind::kNoRoom:
        open_window(0);
        return;
      case Attachment::Kind::kHit:
        if (open_hit(a)) return;
        source_.store->forget(a.entry, a.serial);
        continue;
      case Attachment::Kind::kJoined:
        if (status_ == CacheStatus::kNone) status_ = CacheStatus::kFill;
        follow(a);
        return;
      case Attachment::Kind::kClaimed:
        if (status_ == CacheStatus::kNone) status_ = CacheStatus::kMiss;
        follow(a);
        begin_fill(make_store_target(*source_.store, a.entry, a.serial, a.epoch, name));
        return;
    }
  }
  failed({ErrorCode::kOriginShortBody, "the object does not stay in the store"});
}

// True also when it failed for good.
bool Reader::open_hit(const Attachment& a) {
  const ngx_str_t path = source_.store->path_of(a.file, pool_);
  OpenFile file;
  if (StoreWorker::current()->files.open_stored(r_, pool_, path, &file) != NGX_OK) return false;
  if (!adopt_meta(a.meta, a.total)) return true;
  file_ = file;
  mode_ = Mode::kHit;
  stored_ = a.entry;
  serial_ = a.serial;
  if (status_ == CacheStatus::kNone) status_ = CacheStatus::kHit;
  return true;
}

void Reader::follow(const Attachment& a) {
  mode_ = Mode::kFollow;
  entry_ = stored_ = a.entry;
  serial_ = a.serial;
  file_ = {};
}

void Reader::open_window(std::uint64_t from) {
  if (window_ != nullptr) {
    const std::shared_ptr<Window> before = std::move(window_);
    before->abandon();
  }
  window_ = std::make_shared<Window>(from);
  window_adopted_ = false;
  auto* file = static_cast<ngx_file_t*>(ngx_pcalloc(pool_, sizeof(ngx_file_t)));
  // The window's descriptor lives as long as buffers may point at it.
  auto* keep = make_in_pool<std::shared_ptr<Window>>(pool_, window_);
  if (file == nullptr || keep == nullptr) throw std::bad_alloc();
  file->fd = window_->fd;
  file->log = r_->connection->log;
  ngx_str_set(&file->name, "weir window");
  window_file_ = file;
  mode_ = Mode::kWindow;
  entry_ = &window_->entry;
  serial_ = 1;
  if (status_ == CacheStatus::kNone) status_ = CacheStatus::kBypass;
  begin_fill(make_window_target(window_));
}

void Reader::begin_fill(std::unique_ptr<FillTarget> target) {
  FillRequest request;
  request.model = RequestModel::of(r_);
  request.location = as_view(source_.origin);
  request.key = key_;
  request.kind = kind_;
  start_fill(std::move(request), std::move(target));
}

// The first metadata, or the same again; else the object changed under us.
bool Reader::adopt_meta(const ObjectMeta& meta, std::uint64_t total) {
  if (info_known_) {
    const bool same =
        same_version(meta, meta_) || !delivered_ ||
        (kind_ == ObjectKind::kPiece && !has_validator(meta) && !has_validator(meta_));
    const bool same_total = total == total_ || total_ == kUnknownTotal || total == kUnknownTotal;
    if (!same || !same_total) {
      failed(describe_failure(pack_failure(ErrorCode::kOriginChanged, 0)));
      return false;
    }
  }
  meta_ = meta;
  if (total != kUnknownTotal) total_ = total;
  info_known_ = true;
  return true;
}

// ---- following a fill ----

Progress Reader::look(std::uint64_t at, std::uint64_t* available) {
  if (mode_ == Mode::kNew) choose();
  switch (mode_) {
    case Mode::kLocal:
    case Mode::kHit:
      *available = total_;
      return Progress::kReady;
    case Mode::kFollow:
    case Mode::kWindow:
      return look_at_entry(at, available);
    case Mode::kNew:
    case Mode::kFailed:
      break;
  }
  return Progress::kFailed;
}

Progress Reader::look_at_entry(std::uint64_t at, std::uint64_t* available) {
  // In this order: what is compared with when parking is older than what is acted upon.
  waiter_.entry = entry_;
  waiter_.seen_serial = entry_->serial.load(std::memory_order_acquire);
  waiter_.seen_state = entry_->state.load(std::memory_order_acquire);
  waiter_.seen_pos = entry_->fill.pos.load(std::memory_order_acquire);
  if (waiter_.seen_serial != serial_) return lost(at, available);
  switch (waiter_.seen_state) {
    case ObjectState::kAwaitingHeader:
      look_after_owner();
      return Progress::kParked;
    case ObjectState::kFailed:
      return entry_failed(at, available);
    case ObjectState::kFree:
      return lost(at, available);
    case ObjectState::kFilling:
    case ObjectState::kDone:
      break;
  }
  if (mode_ == Mode::kFollow && file_.file == nullptr) {
    if (!open_followed()) return mode_ == Mode::kFailed ? Progress::kFailed : lost(at, available);
    if (mode_ != Mode::kFollow) return look(at, available);
  }
  if (mode_ == Mode::kWindow && !window_adopted_) {
    if (!adopt_meta(entry_->meta, entry_->total.load())) return Progress::kFailed;
    window_adopted_ = true;
  }
  const bool done = waiter_.seen_state == ObjectState::kDone;
  const std::uint64_t total = entry_->total.load(std::memory_order_acquire);
  if (entry_->serial.load(std::memory_order_acquire) != serial_) return lost(at, available);
  if (total != kUnknownTotal) total_ = total;
  *available = waiter_.seen_pos;
  if (done) *available = total_;
  if (done && mode_ == Mode::kFollow) {
    mode_ = Mode::kHit;  // whole: nothing to follow any more
    entry_ = nullptr;
    return Progress::kReady;
  }
  if (!done && waiter_.seen_pos <= at) look_after_owner();
  return Progress::kReady;
}

// The file and metadata of a fill that has begun. False: the version is gone, or failed().
bool Reader::open_followed() {
  const auto snapshot = source_.store->snapshot(entry_, serial_);
  if (!snapshot) return false;
  if (snapshot->discard && status_ != CacheStatus::kMiss) {
    status_ = CacheStatus::kBypass;  // not ours: the origin forbids sharing it
    open_window(0);
    return true;
  }
  const ngx_str_t path = source_.store->path_of(snapshot->file, pool_);
  OpenFile file;
  if (StoreWorker::current()->files.open_stored(r_, pool_, path, &file) != NGX_OK) return false;
  if (!adopt_meta(snapshot->meta, entry_->total.load(std::memory_order_acquire))) return false;
  file_ = file;
  return true;
}

// The version that was followed is gone from the store: look for its successor.
Progress Reader::lost(std::uint64_t at, std::uint64_t* available) {
  if (mode_ == Mode::kFailed) return Progress::kFailed;
  entry_ = nullptr;
  attach();
  return look(at, available);
}

// The fill gave up. When only the keeping failed, the bytes still can be fetched for us alone.
Progress Reader::entry_failed(std::uint64_t at, std::uint64_t* available) {
  const std::uint32_t failure = entry_->failure.load(std::memory_order_acquire);
  if (entry_->serial.load(std::memory_order_acquire) != serial_) return lost(at, available);
  if (failure_code(failure) == ErrorCode::kStoreFull && mode_ == Mode::kFollow) {
    // Without a validator nothing would tell that the rest is of the same version.
    const bool can_resume = at == 0 || kind_ == ObjectKind::kPiece || has_validator(meta_);
    if (can_resume) {
      if (at == 0) status_ = CacheStatus::kBypass;
      open_window(at);
      return look(at, available);
    }
  }
  return failed(describe_failure(failure));
}

// Whether somebody still fills what we wait for; if not, we do.
void Reader::look_after_owner() {
  if (mode_ != Mode::kFollow) return;
  const int owner = entry_->fill.owner.load();
  const ngx_pid_t pid = entry_->fill.pid.load();
  if (WakeBoard::alive(owner, pid)) {
    WakeBoard::watch(owner, pid);
    return;
  }
  const auto epoch = source_.store->take_over(entry_, serial_);
  if (!epoch) return;  // another was faster, or it is over
  std::string name(as_view(source_.identity));
  name += as_view(source_.origin);
  name += key_;
  begin_fill(make_store_target(*source_.store, entry_, serial_, *epoch, name));
}

Progress Reader::wait_for(Want want, std::uint64_t at, std::uint64_t* available) {
  for (;;) {
    const Progress progress = look(at, available);
    if (progress == Progress::kFailed) return progress;
    if (progress == Progress::kReady &&
        (want == Want::kMeta || *available > at || entry_ == nullptr ||
         waiter_.seen_state == ObjectState::kDone)) {
      return Progress::kReady;
    }
    const int slot = WakeBoard::own_slot();
    if (slot >= 0 && mode_ == Mode::kFollow) {
      entry_->waiters.fetch_or(std::uint64_t{1} << slot, std::memory_order_seq_cst);
    }
    // Look again: what changed before the bit was seen would wake nobody.
    if (entry_->fill.pos.load(std::memory_order_seq_cst) != waiter_.seen_pos ||
        entry_->state.load(std::memory_order_seq_cst) != waiter_.seen_state ||
        entry_->serial.load(std::memory_order_seq_cst) != waiter_.seen_serial) {
      continue;
    }
    waiter_.entry = entry_;
    StoreWorker::current()->hub.park(waiter_);
    return Progress::kParked;
  }
}

void Reader::woken(void* self) noexcept {
  auto* reader = static_cast<Reader*>(self);
  reader->on_ready_(reader->owner_);
}

// ---- what handlers ask ----

ngx_str_t local_etag(ngx_pool_t* pool, const OpenFile& file) {
  auto* data = static_cast<u_char*>(ngx_pnalloc(pool, NGX_OFF_T_LEN + NGX_TIME_T_LEN + 3));
  if (data == nullptr) return ngx_null_string;
  // As nginx's own, so that a file has one ETag whichever handler serves it.
  u_char* end = ngx_sprintf(data, "\"%xT-%xO\"", file.mtime, file.size);
  return {static_cast<std::size_t>(end - data), data};
}

Progress Reader::info(ObjectInfo* out) {
  std::uint64_t available = 0;
  const Progress progress = wait_for(Want::kMeta, 0, &available);
  if (progress != Progress::kReady) return progress;
  *out = {};
  out->status = status_;
  if (total_ != kUnknownTotal) out->total = total_;
  out->held = available;
  out->complete = mode_ == Mode::kLocal || mode_ == Mode::kHit;
  if (mode_ == Mode::kLocal) {
    out->etag = local_etag(pool_, file_);
    out->last_modified = file_.mtime;
  } else {
    out->etag = copy_ngx_str(pool_, meta_.etag.view());
    out->content_type = copy_ngx_str(pool_, meta_.content_type.view());
    out->last_modified = meta_.last_modified;
  }
  return Progress::kReady;
}

Progress Reader::extent(std::uint64_t at, std::uint64_t want, Extent* out) {
  if (mode_ == Mode::kNew) choose();
  if (mode_ == Mode::kWindow) {
    const std::uint64_t pos = entry_->fill.pos.load();
    const bool seek = at < window_->consumed || at > pos + Window::kSize / 2;
    if (seek && info_known_ && entry_->state.load() != ObjectState::kFailed) {
      open_window(at);
    } else {
      window_->consume(at);
    }
  }
  std::uint64_t available = 0;
  const Progress progress = wait_for(Want::kBytes, at, &available);
  if (progress != Progress::kReady) return progress;
  if (at >= available) return Progress::kEnd;
  *out = {};
  const bool window = mode_ == Mode::kWindow;
  out->file = window ? window_file_ : file_.file;
  out->fd = out->file->fd;
  out->window = window;
  out->file_offset = at + (window || mode_ == Mode::kLocal ? 0 : kObjectHeadSize);
  out->length = std::min(want, available - at);
  delivered_ = true;
  if (source_.store != nullptr && !window && mode_ != Mode::kLocal) {
    source_.store->counters().served_bytes += out->length;
  }
  return Progress::kReady;
}

Reader* impl(ObjectReader* reader) noexcept {
  return static_cast<Reader*>(reader);
}

}  // namespace

ObjectReader* ObjectReader::open(const ObjectRequest& request, OnReady on_ready, void* owner) {
  auto* reader = make_in_pool<Reader>(pool_of(request), request, on_ready, owner);
  if (reader == nullptr) throw std::bad_alloc();
  return reader;
}

Progress ObjectReader::info(ObjectInfo* out) {
  return impl(this)->info(out);
}
Progress ObjectReader::extent(std::uint64_t at, std::uint64_t want, Extent* out) {
  return impl(this)->extent(at, want, out);
}
CacheStatus ObjectReader::status() const noexcept {
  return static_cast<const Reader*>(this)->status();
}
const Error& ObjectReader::error() const noexcept {
  return static_cast<const Reader*>(this)->error();
}
void ObjectReader::invalidate() noexcept {
  impl(this)->invalidate();
}
void ObjectReader::release() noexcept {
  impl(this)->release();
}

std::string_view name_of(CacheStatus status) noexcept {
  switch (status) {
    case CacheStatus::kLocal:
      return "LOCAL";
    case CacheStatus::kHit:
      return "HIT";
    case CacheStatus::kFill:
      return "FILL";
    case CacheStatus::kMiss:
      return "MISS";
    case CacheStatus::kBypass:
      return "BYPASS";
    case CacheStatus::kNone:
      break;
  }
  return {};
}

}  // namespace weir::edge
