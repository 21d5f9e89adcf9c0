#include "companions/splitter/recording_io.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <new>

#include <sys/stat.h>

#include "runtime/interrupt.h"

namespace weir {
namespace {

std::int64_t modified_ns(const struct stat& info) noexcept {
  return static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
}

}  // namespace

Result<SourceFile> SourceFile::open(const std::filesystem::path& path) {
  SourceFile out;
  auto fd = open_to_read(path);
  if (!fd) return tl::unexpected(fd.error());
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return tl::unexpected(file_error(errno, path, "cannot read"));
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::kFormatIncorrect, path.string() + " is not a regular file");
  }
  if (info.st_size <= 0) return fail(ErrorCode::kFormatIncorrect, path.string() + " is empty");
  out.path_ = path;
  out.fd_ = std::move(*fd);
  out.size_ = static_cast<std::uint64_t>(info.st_size);
  out.modified_ns_ = modified_ns(info);
  return out;
}

Status SourceFile::read(MutableBytes out, std::uint64_t offset) const {
  const auto n = read_at(fd_.get(), out, offset, path_);
  if (!n) return tl::unexpected(n.error());
  if (*n != out.size()) {
    return fail(ErrorCode::kIo, path_.string() + " became shorter while it was read");
  }
  return {};
}

Status SourceFile::check_unchanged() const {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0)
    return tl::unexpected(file_error(errno, path_, "cannot read"));
  if (static_cast<std::uint64_t>(info.st_size) != size_ || modified_ns(info) != modified_ns_) {
    return fail(ErrorCode::kIo, path_.string() + " changed while it was read");
  }
  return {};
}

RecordingIo::RecordingIo(const SourceFile& source, int buffer_bytes) : source_(source) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(static_cast<std::size_t>(buffer_bytes)));
  if (buffer == nullptr) throw std::bad_alloc();
  io_.reset(avio_alloc_context(buffer, buffer_bytes, 0, this, &RecordingIo::on_read, nullptr,
                               &RecordingIo::on_seek));
  if (!io_) {
    av_free(buffer);
    throw std::bad_alloc();
  }
}

int RecordingIo::on_read(void* self, std::uint8_t* out, int size) noexcept {
  return static_cast<RecordingIo*>(self)->read(out, size);
}

int RecordingIo::read(std::uint8_t* out, int size) {
  if (auto status = check_interrupt(); !status) {
    failure_ = status;
    return AVERROR_EXIT;
  }
  if (size <= 0 || at_ >= source_.size()) return AVERROR_EOF;
  const std::uint64_t want =
      std::min<std::uint64_t>(static_cast<std::uint64_t>(size), source_.size() - at_);
  const auto got =
      read_at(source_.fd(), {out, static_cast<std::size_t>(want)}, at_, source_.path());
  if (!got) {
    failure_ = tl::unexpected(got.error());
    return AVERROR(EIO);
  }
  if (*got == 0) return AVERROR_EOF;
  if (recording_) note(at_, *got);
  at_ += *got;
  return static_cast<int>(*got);
}

void RecordingIo::note(std::uint64_t offset, std::uint64_t length) {
  ++calls_;
  if (!reads_.empty() && reads_.back().end() == offset) {
    reads_.back().length += length;
  } else {
    reads_.push_back({offset, length});
  }
}

std::int64_t RecordingIo::on_seek(void* self, std::int64_t offset, int whence) noexcept {
  auto& io = *static_cast<RecordingIo*>(self);
  const auto size = static_cast<std::int64_t>(io.source_.size());
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return size;
    case SEEK_SET:
      break;
    case SEEK_CUR:
      offset += static_cast<std::int64_t>(io.at_);
      break;
    case SEEK_END:
      offset += size;
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset < 0) return AVERROR(EINVAL);
  io.at_ = static_cast<std::uint64_t>(offset);
  return offset;
}

}  // namespace weir
