#include "companions/splitter/piece_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/title/piece_plan.h"
#include "crypto/digest.h"
#include "crypto/piece_cipher.h"

namespace weir {
namespace {

constexpr std::size_t kWriteBytes = 16 * (kRecordBytes + kRecordTagBytes);

// A stored piece being written: every byte through the hash, in large writes.
class PieceSink {
 public:
  PieceSink(std::filesystem::path path, std::uint64_t stored_bytes)
      : path_(std::move(path)),
        stored_bytes_(stored_bytes),
        fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) {}

  Status opened() const {
    if (fd_) return {};
    return tl::unexpected(file_error(errno, path_, "cannot create"));
  }

  Status write(ByteView data) {
    hash_.update(data);
    return write_all(fd_.get(), data, path_, stored_bytes_);
  }

  Digest finish() {
    const Digest digest = hash_.finish();
    const std::string hex = to_hex(digest);
    // Best effort: some file systems have no attributes; the header has the hash too.
    (void)::fsetxattr(fd_.get(), "user.weir.sha256", hex.data(), hex.size(), 0);
    // Starts writing back now, so that the sync at the end finds little to do.
    (void)::sync_file_range(fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    return digest;
  }

 private:
  std::filesystem::path path_;
  std::uint64_t stored_bytes_;
  Fd fd_;
  Sha256 hash_;
};

Status write_sealed(PieceSink& sink, PieceCipher& cipher, ByteView plain) {
  const auto out = std::make_unique_for_overwrite<std::uint8_t[]>(kWriteBytes);
  std::size_t filled = 0;
  std::uint32_t counter = 0;
  for (std::size_t at = 0; at < plain.size(); at += kRecordBytes) {
    const ByteView record =
        plain.subspan(at, std::min<std::size_t>(kRecordBytes, plain.size() - at));
    const std::size_t stored = record.size() + kRecordTagBytes;
    if (auto sealed = cipher.seal_record(counter++, record, {out.get() + filled, stored});
        !sealed) {
      return sealed;
    }
    filled += stored;
    if (filled == kWriteBytes || at + record.size() == plain.size()) {
      if (auto wrote = sink.write({out.get(), filled}); !wrote) return wrote;
      filled = 0;
    }
  }
  return {};
}

Status write_plain(PieceSink& sink, ByteView plain) {
  while (!plain.empty()) {
    const std::size_t n = std::min(plain.size(), kWriteBytes);
    if (auto wrote = sink.write(plain.first(n)); !wrote) return wrote;
    plain = plain.subspan(n);
  }
  return {};
}

}  // namespace

std::uint8_t* PieceBuffer::extend(std::size_t size) {
  const std::size_t needed = size_ + size;
  if (needed > capacity_) {
    const std::size_t capacity = size_ == 0 ? needed : std::max(needed, capacity_ + capacity_ / 2);
    auto bytes = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }
  std::uint8_t* const place = bytes_.get() + size_;
  size_ = needed;
  return place;
}

PieceWriter::PieceWriter(const Staging& staging, const SealContext& context,
                         std::size_t max_in_flight, unsigned threads)
    : staging_(staging), context_(context), max_in_flight_(max_in_flight) {
  for (unsigned i = 0; i < std::max(threads, 1U); ++i) threads_.emplace_back([this] { run(); });
}

PieceWriter::~PieceWriter() {
  stop();
}

void PieceWriter::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Result<PieceBuffer> PieceWriter::take_buffer(std::size_t expected) {
  std::unique_lock lock(mutex_);
  // One piece is always let through, however large.
  changed_.wait(
      lock, [&] { return !status_ || in_flight_ == 0 || in_flight_ + expected <= max_in_flight_; });
  if (!status_) return tl::unexpected(status_.error());
  if (spare_.empty()) return PieceBuffer();
  PieceBuffer out = std::move(spare_.back());
  spare_.pop_back();
  return out;
}

Status PieceWriter::add(PieceBuffer plain, const Piece& meta) {
  std::unique_lock lock(mutex_);
  if (!status_) return status_;
  if (pieces_.size() >= kMaxPieces) {
    return fail(ErrorCode::kBadArgument, "more than " + std::to_string(kMaxPieces) +
                                             " pieces: use larger ones (--piece-size)");
  }
  Piece piece = meta;
  piece.id = random_uuid();
  piece.plain_bytes = static_cast<std::uint32_t>(plain.size());
  piece.sealed = seals_piece(context_.protection, static_cast<std::uint32_t>(pieces_.size()));
  piece.stored_bytes =
      piece.sealed ? static_cast<std::uint32_t>(sealed_length(plain.size())) : piece.plain_bytes;
  in_flight_ += plain.size();
  plain_bytes_ += plain.size();
  pieces_.push_back(piece);
  queue_.push_back({pieces_.size() - 1, std::move(plain)});
  lock.unlock();
  changed_.notify_all();
  return {};
}

Result<std::vector<Piece>> PieceWriter::finish() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !status_ || in_flight_ == 0; });
  }
  stop();
  if (!status_) return tl::unexpected(status_.error());
  return std::vector<Piece>(pieces_.begin(), pieces_.end());
}

void PieceWriter::run() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || (!queue_.empty() && status_); });
    if (stopping_) return;
    Work work = std::move(queue_.front());
    queue_.pop_front();
    Piece& piece = pieces_[work.index];
    lock.unlock();
    Status stored;
    try {
      stored = store(work, piece);
    } catch (const std::exception& error) {
      stored = fail(ErrorCode::kInternal, error.what());
    }
    lock.lock();
    if (!stored && status_) status_ = stored;
    in_flight_ -= work.plain.size();
    work.plain.clear();
    spare_.push_back(std::move(work.plain));
    changed_.notify_all();
  }
}

Status PieceWriter::store(const Work& work, Piece& piece) const {
  PieceSink sink(staging_.piece(piece.id), piece.stored_bytes);
  if (auto opened = sink.opened(); !opened) return opened;
  Status wrote;
  if (piece.sealed) {
    PieceCipher cipher(*context_.key, {context_.title, context_.protection.kid, piece.id,
                                       static_cast<std::uint32_t>(work.index), work.plain.size()});
    piece.commitment = cipher.commitment();
    wrote = write_sealed(sink, cipher, work.plain.view());
  } else {
    wrote = write_plain(sink, work.plain.view());
  }
  if (wrote) piece.sha256 = sink.finish();
  return wrote;
}

Result<MediaHeader> make_media_header(const SealContext& context, std::vector<ByteRange> ranges,
                                      Bytes plain) {
  MediaHeader out;
  if (ranges.empty()) return out;
  out.ranges = std::move(ranges);
  out.id = random_uuid();
  if (context.protection.policy == Protect::kNone) {
    out.payload = std::move(plain);
    return out;
  }
  out.sealed = true;
  PieceCipher cipher(*context.key, {context.title, context.protection.kid, out.id,
                                    kMediaHeaderIndex, plain.size()});
  out.commitment = cipher.commitment();
  auto sealed = cipher.seal(plain);
  if (!sealed) return tl::unexpected(sealed.error());
  out.payload = std::move(*sealed);
  return out;
}

}  // namespace weir
