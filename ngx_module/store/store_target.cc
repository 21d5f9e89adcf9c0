#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "core/store/object_head.h"
#include "ngx_module/glue/wake.h"
#include "ngx_module/store/fill_target.h"
#include "ngx_module/store/store_worker.h"

namespace weir::edge {

void announce(ObjectEntry* entry) noexcept {
  std::uint64_t waiters = entry->waiters.exchange(0, std::memory_order_seq_cst);
  StoreWorker::current()->hub.touched(entry);
  const int own = WakeBoard::own_slot();
  if (own >= 0) waiters &= ~(std::uint64_t{1} << own);
  for (int slot = 0; waiters != 0; ++slot, waiters >>= 1) {
    if ((waiters & 1) != 0) WakeBoard::wake(slot);
  }
}

namespace {

// All of `bytes` at `offset`; false with errno set.
bool write_all(int fd, ByteView bytes, std::uint64_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    if (n == 0) {
      errno = ENOSPC;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return true;
}

// Bytes are gathered into writes of this size, so that what arrives in small pieces
// (proxy_buffer_size is 4k by default) neither costs a system call nor becomes a page of its own
// each: sendfile sends large runs of pages faster. What is gathered leaves in the same turn of the
// event loop.
constexpr std::size_t kWriteSize = 128 << 10;

class StoreTarget final : public FillTarget {
 public:
  StoreTarget(Store& store, ObjectEntry* entry, std::uint64_t serial, std::uint64_t epoch,
              std::string key)
      : store_(store), entry_(entry), serial_(serial), epoch_(epoch), key_(std::move(key)) {
    position_ = entry_->fill.pos.load(std::memory_order_acquire);
    marked_ = position_;
    published_ = position_;
    ngx_memzero(&flush_event_, sizeof(flush_event_));
    flush_event_.data = this;
    flush_event_.handler = on_flush;
    flush_event_.log = ngx_cycle->log;
    if (const auto snapshot = store_.snapshot(entry_, serial_)) {
      // Taken over: the file is there.
      file_ = snapshot->file;
      meta_ = snapshot->meta;
      begun_ = true;
      fd_ = ::open(store_.path_of(file_).c_str(), O_RDWR | O_CLOEXEC);
    }
  }

  ~StoreTarget() override {
    if (flush_event_.posted) {
      ngx_delete_posted_event(&flush_event_);
    }
    flush();
    if (fd_ != -1) ::close(fd_);
  }

  ObjectEntry* entry() noexcept override { return entry_; }
  bool begun() const noexcept override { return begun_; }
  const ObjectMeta& meta() const noexcept override { return meta_; }
  std::uint64_t total() const noexcept override { return entry_->total.load(); }
  std::uint64_t room() noexcept override { return ~std::uint64_t{0}; }
  bool still_wanted() noexcept override { return store_.owns(entry_, serial_, epoch_); }
  StoreCounters* counters() noexcept override { return &store_.counters(); }
  WriteResult fault() const noexcept override { return fault_; }
  void bind(void (*call)(void*), void* fill) noexcept override {
    call_ = call;
    fill_ = fill;
  }

  WriteResult begin(const ObjectMeta& meta, std::uint64_t total, bool discard) override;
  void set_total(std::uint64_t total) override {
    if (still_wanted()) entry_->total.store(total, std::memory_order_release);
  }
  WriteResult write(ByteView bytes) override;
  WriteResult finish() override;
  void fail(ErrorCode code, unsigned origin_status) override;

 private:
  static void on_flush(ngx_event_t* ev) noexcept;
  void flush();
  WriteResult publish_bytes(ByteView bytes);
  bool make_room(std::uint64_t until);
  bool write_head(std::uint64_t total, bool complete);

  Store& store_;
  ObjectEntry* entry_;
  std::uint64_t serial_;
  std::uint64_t epoch_;
  std::string key_;
  ObjectMeta meta_;
  std::uint64_t file_ = 0;
  std::uint64_t reserved_ = 0;
  std::uint64_t marked_ = 0;     // block map is up to date to here
  std::uint64_t published_ = 0;  // [published_, position_) is gathered
  Bytes gathered_;
  WriteResult fault_ = WriteResult::kOk;
  ngx_event_t flush_event_;
  void (*call_)(void*) = nullptr;
  void* fill_ = nullptr;
  int fd_ = -1;
  bool begun_ = false;
};

bool StoreTarget::write_head(std::uint64_t total, bool complete) {
  ObjectHead head;
  head.key = key_;
  head.total = total;
  head.created = ngx_time();
  head.block_size = store_.settings().block;
  head.complete = complete;
  head.meta = meta_;
  const auto bytes = head.encode();
  return bytes && write_all(fd_, *bytes, 0);
}

// Reserves disk up to byte `until` of the body before it is written.
bool StoreTarget::make_room(std::uint64_t until) {
  if (until <= reserved_) return true;
  const std::uint64_t bytes = until - reserved_;
  if (!store_.reserve(entry_, serial_, epoch_, bytes)) return false;
  const int rc =
      fallocate(fd_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(kObjectHeadSize + reserved_),
                static_cast<off_t>(bytes));
  if (rc == -1 && errno != EOPNOTSUPP && errno != ENOSYS) return false;
  reserved_ = until;
  return true;
}

WriteResult StoreTarget::begin(const ObjectMeta& meta, std::uint64_t total, bool discard) {
  file_ = store_.new_file_number();
  const std::string path = store_.path_of(file_);
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd_ == -1) {
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno, "weir: open(\"%s\") failed",
                  path.c_str());
    return WriteResult::kNoRoom;
  }
  meta_ = meta;
  const bool ready =
      (total == kUnknownTotal || total == 0 || make_room(total)) && write_head(total, false);
  if (!ready || !store_.publish(entry_, serial_, epoch_, file_, total, meta, discard)) {
    const bool lost = ready && !still_wanted();
    ::unlink(path.c_str());
    return lost ? WriteResult::kLost : WriteResult::kNoRoom;
  }
  begun_ = true;
  announce(entry_);
  return WriteResult::kOk;
}

WriteResult StoreTarget::write(ByteView bytes) {
  if (fault_ == WriteResult::kOk && !still_wanted()) fault_ = WriteResult::kLost;
  if (fault_ != WriteResult::kOk) return fault_;
  position_ += bytes.size();
  if (gathered_.empty() && bytes.size() >= kWriteSize) return fault_ = publish_bytes(bytes);
  gathered_.insert(gathered_.end(), bytes.begin(), bytes.end());
  if (gathered_.size() >= kWriteSize) {
    flush();
  } else {
    ngx_post_event(&flush_event_, &ngx_posted_events);
  }
  return fault_;
}

void StoreTarget::flush() {
  if (gathered_.empty()) return;
  if (!still_wanted()) fault_ = WriteResult::kLost;
  if (fault_ == WriteResult::kOk) fault_ = publish_bytes(gathered_);
  gathered_.clear();
}

void StoreTarget::on_flush(ngx_event_t* ev) noexcept {
  auto* target = static_cast<StoreTarget*>(ev->data);
  target->flush();
  if (target->fault_ != WriteResult::kOk && target->call_ != nullptr) target->call_(target->fill_);
}

// Into the file, then known to all.
WriteResult StoreTarget::publish_bytes(ByteView bytes) {
  const std::uint32_t block = store_.settings().block;
  const std::uint64_t end = published_ + bytes.size();
  const bool reserved = total() != kUnknownTotal || make_room((end / block + 1) * block);
  if (fd_ == -1 || !reserved || !write_all(fd_, bytes, kObjectHeadSize + published_)) {
    return WriteResult::kNoRoom;
  }
  if (!Store::advance(entry_, epoch_, published_, end)) return WriteResult::kLost;
  published_ = end;
  if (published_ / block != marked_ / block) {
    store_.mark(entry_, serial_, epoch_, marked_, published_);
    marked_ = published_;
  }
  announce(entry_);
  return WriteResult::kOk;
}

WriteResult StoreTarget::finish() {
  flush();
  if (fault_ != WriteResult::kOk) return fault_;
  store_.mark(entry_, serial_, epoch_, marked_, position_);
  if (fd_ == -1 || !write_head(position_, true)) return WriteResult::kNoRoom;
  if (!store_.finish(entry_, serial_, epoch_, position_)) return WriteResult::kLost;
  announce(entry_);
  return WriteResult::kOk;
}

void StoreTarget::fail(ErrorCode code, unsigned origin_status) {
  flush();
  store_.fail(entry_, serial_, epoch_, pack_failure(code, origin_status));
  announce(entry_);
}

}  // namespace

std::unique_ptr<FillTarget> make_store_target(Store& store, ObjectEntry* entry,
                                              std::uint64_t serial, std::uint64_t epoch,
                                              std::string key) {
  return std::make_unique<StoreTarget>(store, entry, serial, epoch, std::move(key));
}

}  // namespace weir::edge
