#include "player/native/prefix_hash.h"

#include <algorithm>

#include "crypto/digest.h"

namespace weir {
namespace {

constexpr std::uint64_t kBlock = 1U << 20;

}  // namespace

PrefixHash::PrefixHash(const PartialFile& file, std::uint64_t bytes)
    : file_(file), bytes_(bytes), thread_([this] { run(); }) {}

PrefixHash::~PrefixHash() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  moved_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void PrefixHash::reach(std::uint64_t end) {
  {
    const std::lock_guard lock(mutex_);
    end_ = std::max(end_, std::min(end, bytes_));
  }
  moved_.notify_all();
}

std::uint64_t PrefixHash::hashed() const {
  const std::lock_guard lock(mutex_);
  return hashed_;
}

bool PrefixHash::over_within(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, time, [&] { return over_; });
}

Result<Digest> PrefixHash::finish() {
  thread_.join();
  return std::move(result_);
}

void PrefixHash::run() {
  Result<Digest> digest = hash_all();
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(digest);
    over_ = true;
  }
  ended_.notify_all();
}

Result<Digest> PrefixHash::hash_all() {
  Sha256 hash;
  Bytes block(kBlock);
  std::uint64_t at = 0;
  while (at < bytes_) {
    std::uint64_t end = 0;
    {
      std::unique_lock lock(mutex_);
      hashed_ = at;
      moved_.wait(lock, [&] { return stop_ || end_ > at; });
      if (stop_) return fail(ErrorCode::kInterrupted, "");
      end = end_;
    }
    const MutableBytes room =
        MutableBytes(block).first(static_cast<std::size_t>(std::min(kBlock, end - at)));
    auto got = file_.read(at, room);
    if (!got) return tl::unexpected(got.error());
    if (*got < room.size()) return fail(ErrorCode::kIo, "the unfinished file was cut short");
    hash.update(room);
    at += room.size();
  }
  return hash.finish();
}

}  // namespace weir
