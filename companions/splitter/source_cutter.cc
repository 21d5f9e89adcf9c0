#include "companions/splitter/source_cutter.h"

#include <algorithm>

#include <fcntl.h>

#include "crypto/digest.h"
#include "runtime/interrupt.h"

namespace weir {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;  // hashed while it is still in the processor's cache

// Reads a run in order, hashing.
class Pass {
 public:
  Pass(const SourceFile& source, const std::function<void(std::uint64_t)>& progress)
      : source_(source), progress_(progress) {
    (void)::posix_fadvise(source.fd(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  Status read(std::uint8_t* out, std::uint64_t offset, std::uint64_t length) {
    while (length > 0) {
      const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(length, kReadBytes));
      if (auto ok = check_interrupt(); !ok) return ok;
      if (auto got = source_.read({out, n}, offset); !got) return got;
      hash_.update({out, n});
      out += n;
      offset += n;
      length -= n;
      progress_(offset);
    }
    return {};
  }

  Digest finish() { return hash_.finish(); }

 private:
  const SourceFile& source_;
  const std::function<void(std::uint64_t)>& progress_;
  Sha256 hash_;
};

}  // namespace

Result<CutSource> cut_source(const SourceFile& source, const std::vector<ByteRange>& ranges,
                             const std::vector<ByteRange>& pieces, PieceWriter& writer,
                             const std::function<void(std::uint64_t)>& progress) {
  CutSource out;
  Pass pass(source, progress);
  auto range = ranges.begin();
  auto piece = pieces.begin();
  while (range != ranges.end() || piece != pieces.end()) {
    if (range != ranges.end() && (piece == pieces.end() || range->offset < piece->offset)) {
      const std::size_t before = out.media_header.size();
      out.media_header.resize(before + range->length);
      if (auto read = pass.read(out.media_header.data() + before, range->offset, range->length);
          !read) {
        return tl::unexpected(read.error());
      }
      ++range;
      continue;
    }
    auto buffer = writer.take_buffer(piece->length);
    if (!buffer) return tl::unexpected(buffer.error());
    if (auto read = pass.read(buffer->extend(piece->length), piece->offset, piece->length); !read) {
      return tl::unexpected(read.error());
    }
    Piece meta;
    meta.offset = piece->offset;
    if (auto added = writer.add(std::move(*buffer), meta); !added) {
      return tl::unexpected(added.error());
    }
    ++piece;
  }
  if (auto same = source.check_unchanged(); !same) return tl::unexpected(same.error());
  out.sha256 = pass.finish();
  return out;
}

Result<Digest> hash_source(const SourceFile& source,
                           const std::function<void(std::uint64_t)>& progress) {
  Pass pass(source, progress);
  Bytes buffer(kReadBytes);
  for (std::uint64_t at = 0; at < source.size(); at += buffer.size()) {
    const std::uint64_t n = std::min<std::uint64_t>(buffer.size(), source.size() - at);
    if (auto read = pass.read(buffer.data(), at, n); !read) return tl::unexpected(read.error());
  }
  if (auto same = source.check_unchanged(); !same) return tl::unexpected(same.error());
  return pass.finish();
}

}  // namespace weir
