#include "player/native/download.h"

#include <algorithm>

#include "crypto/digest.h"
#include "player/native/title_source.h"
#include "runtime/interrupt.h"
#include "runtime/progress.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 1U << 20;

}  // namespace

void Download::notice(const std::string& text) const {
  if (options_.on_notice) options_.on_notice(text);
}

double Download::seconds() const {
  return std::chrono::duration<double>(clock_.monotonic() - start_).count();
}

Status Download::run() {
  if (auto ok = open(); !ok) return ok;
  auto there = target_is_there();
  if (!there) return tl::unexpected(there.error());
  was_there_ = *there;
  return was_there_ ? Status() : fetch();
}

Status Download::open() {
  auto title = open_title(options_.location, options_.key_file, clock_);
  if (!title) return tl::unexpected(title.error());
  title_ = *std::move(title);
  const RenditionKind kind = options_.rendition;
  rendition_ = title_->header.find(kind);
  if (rendition_ == nullptr) {
    const std::string other = kind == RenditionKind::kTs ? "file" : "ts";
    return fail(ErrorCode::kNoSuchRendition,
                options_.location.title + " has only the other one: use --rendition " + other);
  }
  target_ = options_.target;
  std::error_code ignored;
  if (fs::is_directory(target_, ignored)) {
    const std::string& extension = title_->header.info.extension;
    target_ = (target_ / options_.location.title).lexically_normal();
    target_ += "." + (kind == RenditionKind::kTs ? "ts" : extension);
  }
  return {};
}

// True when the target is there and is what would be fetched; an error when it is something else.
Result<bool> Download::target_is_there() {
  std::error_code error;
  const fs::file_status status = fs::status(target_, error);
  if (status.type() == fs::file_type::not_found) return false;
  if (status.type() != fs::file_type::regular) {
    return fail(ErrorCode::kAlreadyExists, target_.string() + " exists and is no regular file");
  }
  if (options_.force) return false;
  const TitleInfo& info = title_->header.info;
  if (rendition_->kind == RenditionKind::kFile &&
      fs::file_size(target_, error) == info.source_bytes) {
    auto digest = hash_of(target_, info.source_bytes);
    if (!digest) return tl::unexpected(digest.error());
    if (*digest == info.source_sha256) return true;
  }
  return fail(ErrorCode::kAlreadyExists,
              target_.string() + " exists and is not this title: use --force to replace it");
}

Status Download::fetch() {
  const TitleInfo& info = title_->header.info;
  auto file = PartialFile::open(target_,
                                {.revision = info.revision,
                                 .header_sha256 = title_->header_sha256,
                                 .rendition = static_cast<std::uint32_t>(rendition_->kind),
                                 .pieces = static_cast<std::uint32_t>(rendition_->pieces.size()),
                                 .bytes = rendition_->bytes},
                                options_.force);
  if (!file) return tl::unexpected(file.error());
  file_ = *std::move(file);
  resumed_ = file_->count();
  if (file_->found() == PartialFile::Found::kOtherRevision) {
    notice("the title was changed since " + file_->part_path().string() +
           " was begun: starting anew");
  } else if (file_->found() == PartialFile::Found::kUnreadable) {
    notice("the state of " + file_->part_path().string() + " is damaged: starting anew");
  }
  sink_.emplace(*title_, *rendition_, *file_);
  Status done = [&]() -> Status {
    if (rendition_->kind == RenditionKind::kFile) {
      if (auto ok = sink_->write_media_header(); !ok) return ok;
      hash_.emplace(*file_, rendition_->bytes);
    }
    if (auto ok = fetch_missing(); !ok) return ok;
    return check_whole();
  }();
  if (!done) return kept(std::move(done));
  return file_->commit(options_.force);
}

Status Download::fetch_missing() {
  std::vector<FetchPiece> pieces;
  pieces.reserve(rendition_->pieces.size());
  std::uint64_t total = 0;
  for (const Piece& piece : rendition_->pieces) pieces.push_back({piece.id, piece.stored_bytes});
  PieceFetcher fetcher(options_.location.edges, pieces, options_.limits, *sink_, clock_);
  for (std::uint32_t i = 0; i < pieces.size(); ++i) {
    if (file_->has(i)) {
      fetcher.mark_done(i);
    } else {
      total += pieces[i].stored_bytes;
    }
  }
  Progress progress(options_.location.title, total, clock_, options_.progress);
  Status done = fetcher.run([&](std::uint64_t here) {
    progress.at(std::min(here, total));
    if (hash_) hash_->reach(sink_->whole_until());
  });
  progress.finish();
  reports_ = fetcher.reports();
  return done;
}

Result<Digest> Download::hash_of(const fs::path& path, std::uint64_t bytes) {
  auto fd = open_to_read(path);
  if (!fd) return tl::unexpected(fd.error());
  Progress progress("checking", bytes, clock_, options_.progress);
  Sha256 hash;
  Bytes block(kReadBytes);
  for (std::uint64_t at = 0; at < bytes;) {
    if (auto ok = check_interrupt(); !ok) return tl::unexpected(ok.error());
    auto got = read_at(fd->get(), block, at, path);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    hash.update(ByteView(block).first(*got));
    at += *got;
    progress.at(at);
  }
  return hash.finish();
}

// What the thread that hashes behind the download finds.
Result<Digest> Download::hash_behind() {
  hash_->reach(rendition_->bytes);
  Progress progress("checking", rendition_->bytes, clock_, options_.progress);
  while (!hash_->over_within(std::chrono::milliseconds(50))) {
    if (auto ok = check_interrupt(); !ok) return tl::unexpected(ok.error());
    progress.at(hash_->hashed());
  }
  return hash_->finish();
}

// Whether what lies in the file is the title. Every piece was checked when it came; what can be
// wrong is what the disk lost of an earlier run.
Result<bool> Download::is_whole(bool first_look) {
  const TitleInfo& info = title_->header.info;
  if (rendition_->kind == RenditionKind::kFile) {
    auto digest = first_look ? hash_behind() : hash_of(file_->part_path(), info.source_bytes);
    if (!digest) return tl::unexpected(digest.error());
    return *digest == info.source_sha256;
  }
  if (resumed_ == 0) return true;
  auto damaged = sink_->damaged_in_file();
  if (!damaged) return tl::unexpected(damaged.error());
  return damaged->empty();
}

// Pieces that the disk lost are fetched again, once.
Status Download::check_whole() {
  auto whole = is_whole(true);
  if (!whole) return tl::unexpected(whole.error());
  if (*whole) return {};
  auto damaged = sink_->damaged_in_file();
  if (!damaged) return tl::unexpected(damaged.error());
  if (!damaged->empty()) {
    notice(std::to_string(damaged->size()) + " pieces were lost on the disk: fetching them again");
    if (auto ok = file_->forget(*damaged); !ok) return ok;
    if (auto ok = fetch_missing(); !ok) return ok;
    whole = is_whole(false);
    if (!whole) return tl::unexpected(whole.error());
  }
  if (*whole) return {};
  return fail(ErrorCode::kPieceCorrupt, "the pieces of " + title_->header.info.title +
                                            " do not give the file its header promises");
}

// What remains after a failure, and that the same command goes on from there.
Status Download::kept(Status status) {
  if (file_->count() == 0) {
    hash_.reset();
    file_->discard();  // it holds nothing but room
    return status;
  }
  Error error = status.error();
  error.detail += (error.detail.empty() ? "" : "; ") + std::to_string(file_->count()) + " of " +
                  std::to_string(rendition_->pieces.size()) +
                  " pieces are kept: the same command goes on from there";
  return tl::unexpected(error);
}

}  // namespace weir
