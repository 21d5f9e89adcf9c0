#include "companions/splitter/merger.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <future>
#include <limits>

#include "crypto/digest.h"
#include "runtime/atomic_file.h"
#include "runtime/interrupt.h"

namespace weir {
namespace {

constexpr std::uint64_t kMaxAhead = 24U << 20;  // plain bytes under way; stored ones come on top
constexpr std::size_t kMaxThreads = 4;

Result<Bytes> fetch_and_open(const PieceOpener& opener, PieceSource& source, const Piece& piece,
                             std::uint32_t index) {
  auto stored = source.fetch(piece);
  if (!stored) return stored;
  if (auto good = PieceOpener::check_stored(piece, *stored); !good) {
    return tl::unexpected(good.error());
  }
  return opener.open(piece, index, std::move(*stored));
}

// Pieces in order, some of them being fetched while the first is used.
class PieceStream {
 public:
  PieceStream(const Rendition& rendition, const PieceOpener& opener, PieceSource& source)
      : rendition_(rendition), opener_(opener), source_(source) {}

  Result<Bytes> next() {
    fill();
    auto out = coming_.front().get();
    coming_.pop_front();
    ahead_ -= rendition_.pieces[taken_++].plain_bytes;
    return out;
  }

 private:
  void fill() {
    while (started_ < rendition_.pieces.size() && coming_.size() < kMaxThreads) {
      const Piece& piece = rendition_.pieces[started_];
      if (!coming_.empty() && ahead_ + piece.plain_bytes > kMaxAhead) break;
      const auto index = static_cast<std::uint32_t>(started_++);
      ahead_ += piece.plain_bytes;
      coming_.push_back(std::async(std::launch::async, [this, &piece, index] {
        return fetch_and_open(opener_, source_, piece, index);
      }));
    }
  }

  const Rendition& rendition_;
  const PieceOpener& opener_;
  PieceSource& source_;
  std::deque<std::future<Result<Bytes>>> coming_;  // their destructors wait
  std::uint64_t ahead_ = 0;
  std::size_t started_ = 0;
  std::size_t taken_ = 0;
};

class Output {
 public:
  Output(AtomicFile file, std::uint64_t total,
         const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : file_(std::move(file)), total_(total), progress_(progress) {}

  Status add(ByteView bytes) {
    if (auto ok = check_interrupt(); !ok) return ok;
    hash_.update(bytes);
    if (auto wrote = file_.write(bytes); !wrote) return wrote;
    done_ += bytes.size();
    progress_(done_, total_);
    return {};
  }

  Status finish(const TitleInfo& info) {
    if (hash_.finish() != info.source_sha256) {
      return fail(ErrorCode::kHeaderCorrupt,
                  "the merged file is not the source: its SHA-256 differs from the header's");
    }
    return file_.commit();
  }

  std::uint64_t done() const noexcept { return done_; }

 private:
  AtomicFile file_;
  std::uint64_t total_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  std::uint64_t done_ = 0;
  Sha256 hash_;
};

}  // namespace

Result<Merged> merge_title(
    const HeaderFile& header, const PieceOpener& opener, PieceSource& pieces,
    const std::filesystem::path& output,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  const Rendition* const rendition = header.find(RenditionKind::kFile);
  if (rendition == nullptr) {
    return fail(ErrorCode::kNoSuchRendition,
                "title " + header.info.title +
                    " was split with --rendition ts: its original bytes are not kept");
  }
  const auto media = opener.open_media_header();
  if (!media) return tl::unexpected(media.error());
  auto file = AtomicFile::create(output, 0644, rendition->bytes);
  if (!file) return tl::unexpected(file.error());
  Output out(std::move(*file), rendition->bytes, progress);
  PieceStream stream(*rendition, opener, pieces);
  ByteView rest = *media;
  auto range = header.media_header.ranges.begin();
  auto piece = rendition->pieces.begin();
  // Ranges and pieces tile the source: whichever starts next is next.
  while (range != header.media_header.ranges.end() || piece != rendition->pieces.end()) {
    const bool is_range = range != header.media_header.ranges.end() &&
                          (piece == rendition->pieces.end() || range->offset < piece->offset);
    Status added;
    if (is_range) {
      added = out.add(rest.first(range->length));
      rest = rest.subspan(range->length);
      ++range;
    } else {
      const auto plain = stream.next();
      if (!plain) return tl::unexpected(plain.error());
      added = out.add(*plain);
      ++piece;
    }
    if (!added) return tl::unexpected(added.error());
  }
  if (auto finished = out.finish(header.info); !finished) return tl::unexpected(finished.error());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return Merged{out.done(), rendition->pieces.size(), took.count()};
}

}  // namespace weir
