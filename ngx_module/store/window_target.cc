#include <cerrno>
#include <new>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ngx_module/store/fill_target.h"

namespace weir::edge {

Window::Window(std::uint64_t from) : start(from), consumed(from) {
  fd = memfd_create("weir-window", MFD_CLOEXEC);
  if (fd == -1) throw std::bad_alloc();
  entry.serial.store(1);
  entry.state.store(ObjectState::kAwaitingHeader);
  entry.total.store(kUnknownTotal);
  entry.fill.pos.store(from);
  entry.fill.owner.store(-1);
  entry.fill.pid.store(ngx_pid);
}

Window::~Window() {
  ::close(fd);
}

void Window::consume(std::uint64_t at) {
  if (at <= consumed) return;
  // Whole pages behind the reader go back to the system; what the kernel still sends it keeps
  // itself.
  constexpr std::uint64_t kPage = 4096;
  const std::uint64_t from = consumed / kPage * kPage;
  const std::uint64_t to = at / kPage * kPage;
  consumed = at;
  if (to > from) {
    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from),
              static_cast<off_t>(to - from));
  }
  if (on_room != nullptr) on_room(fill);
}

void Window::abandon() {
  abandoned = true;
  if (on_room != nullptr) on_room(fill);
}

namespace {

class WindowTarget final : public FillTarget {
 public:
  explicit WindowTarget(std::shared_ptr<Window> window) : window_(std::move(window)) {
    position_ = window_->start;
  }
  ~WindowTarget() override { window_->on_room = nullptr; }
  void bind(void (*call)(void*), void* fill) noexcept override {
    window_->on_room = call;
    window_->fill = fill;
  }

  ObjectEntry* entry() noexcept override { return &window_->entry; }
  bool begun() const noexcept override { return begun_; }
  const ObjectMeta& meta() const noexcept override { return window_->entry.meta; }
  std::uint64_t total() const noexcept override { return window_->entry.total.load(); }
  StoreCounters* counters() noexcept override { return nullptr; }
  bool still_wanted() noexcept override { return !window_->abandoned; }

  WriteResult begin(const ObjectMeta& meta, std::uint64_t total, bool) override {
    begun_ = true;
    window_->entry.meta = meta;
    window_->entry.total.store(total);
    window_->entry.state.store(ObjectState::kFilling);
    announce(&window_->entry);
    return WriteResult::kOk;
  }

  void set_total(std::uint64_t total) override { window_->entry.total.store(total); }

  std::uint64_t room() noexcept override {
    // A reader may be ahead of the fill: it waits for bytes in the middle.
    const std::uint64_t held = position_ > window_->consumed ? position_ - window_->consumed : 0;
    return held >= Window::kSize ? 0 : Window::kSize - held;
  }

  WriteResult write(ByteView bytes) override {
    if (window_->abandoned) return WriteResult::kLost;
    while (!bytes.empty()) {
      const ssize_t n =
          pwrite(window_->fd, bytes.data(), bytes.size(), static_cast<off_t>(position_));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return WriteResult::kNoRoom;
      bytes = bytes.subspan(static_cast<std::size_t>(n));
      position_ += static_cast<std::uint64_t>(n);
    }
    window_->entry.fill.pos.store(position_);
    announce(&window_->entry);
    return WriteResult::kOk;
  }

  WriteResult finish() override {
    window_->entry.total.store(position_);
    window_->entry.state.store(ObjectState::kDone);
    announce(&window_->entry);
    return WriteResult::kOk;
  }

  void fail(ErrorCode code, unsigned origin_status) override {
    window_->entry.failure.store(pack_failure(code, origin_status));
    window_->entry.state.store(ObjectState::kFailed);
    announce(&window_->entry);
  }

 private:
  std::shared_ptr<Window> window_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<FillTarget> make_window_target(std::shared_ptr<Window> window) {
  return std::make_unique<WindowTarget>(std::move(window));
}

}  // namespace weir::edge
