#include "companions/splitter/splitter.h"

#include <algorithm>
#include <thread>

#include <sys/statvfs.h>

#include "companions/splitter/key_file.h"
#include "companions/splitter/library.h"
#include "companions/splitter/media_probe.h"
#include "companions/splitter/piece_writer.h"
#include "companions/splitter/remuxer.h"
#include "companions/splitter/source_cutter.h"
#include "core/title/piece_plan.h"
#include "core/title/title_id.h"
#include "crypto/digest.h"
#include "runtime/human.h"
#include "runtime/interrupt.h"

namespace weir {

namespace fs = std::filesystem;

namespace {

std::size_t in_flight_bytes(std::size_t piece_bytes) {
  // Enough small pieces to keep every thread busy, few enough large ones to stay well below 200 MB.
  return std::max<std::size_t>(24U << 20, piece_bytes);
}

unsigned writer_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
}

// One split: gathers, step by step, what the header will say.
class Split {
 public:
  Split(const SplitOptions& options, const Clock& clock, const SplitProgress& progress)
      : options_(options), clock_(clock), progress_(progress) {}

  Result<SplitReport> run() {
    const auto start = clock_.monotonic();
    for (const auto step : {&Split::open_source, &Split::look_up_title, &Split::choose_renditions,
                            &Split::prepare_keys, &Split::check_room, &Split::make_file,
                            &Split::make_ts, &Split::publish}) {
      if (auto done = (this->*step)(); !done) return tl::unexpected(done.error());
    }
    report_.seconds = std::chrono::duration<double>(clock_.monotonic() - start).count();
    return std::move(report_);
  }

 private:
  Status open_source() {
    auto source = SourceFile::open(options_.source);
    if (!source) return tl::unexpected(source.error());
    source_ = std::move(*source);
    auto probe = probe_media(source_, options_.format);
    if (!probe) return tl::unexpected(probe.error());
    probe_ = std::move(*probe);
    report_.reads = probe_.reads;
    report_.read_calls = probe_.read_calls;
    report_.warnings = probe_.warnings;
    return {};
  }

  Status look_up_title() {
    title_ = options_.title.empty() ? title_from_name(source_.name()) : options_.title;
    if (!is_title_id(title_)) {
      return fail(ErrorCode::kBadArgument,
                  "--title: '" + title_ +
                      "' is no title id: 1 to 128 of A-Z a-z 0-9 . _ -, not "
                      "starting with . or -");
    }
    report_.header_file = header_path(options_.library, title_, options_.suffix);
    std::error_code ignored;
    if (!fs::exists(report_.header_file, ignored) || options_.force) return {};
    const auto before = load_header(report_.header_file);
    if (!before) {
      return fail(ErrorCode::kAlreadyExists,
                  "title " + title_ +
                      " exists and its header cannot be "
                      "read, so its pieces cannot be found: --force replaces it");
    }
    if (options_.title.empty() && before->info.name != to_source_name(source_.name())) {
      return fail(ErrorCode::kAlreadyExists,
                  "title " + title_ + " exists and was made from " + before->info.name +
                      ": name another with --title, or replace it with --force");
    }
    return {};
  }

  Status choose_renditions() {
    with_file_ = options_.rendition != RenditionChoice::kTs;
    with_ts_ = options_.rendition != RenditionChoice::kFile;
    if (!with_ts_) return {};
    OpenOptions open;
    open.probe_bytes = 20 << 20;
    const auto opened = open_demuxer(source_, *probe_.format, open);
    if (!opened) return tl::unexpected(opened.error());
    const RemuxPlan plan = plan_remux(*opened->input);
    if (plan.possible()) {
      for (const std::string& stream : plan.left_out) {
        report_.warnings.push_back(stream + " is not in the ts rendition");
      }
      return {};
    }
    return without_ts({ErrorCode::kFormatIncorrect, plan.why_not});
  }

  // Goes on without the ts rendition when nobody asked for it by name.
  Status without_ts(const Error& why) {
    if (options_.rendition != RenditionChoice::kAuto) {
      return fail(why.code, source_.path().string() + ": no ts rendition: " + why.detail);
    }
    report_.warnings.push_back("no ts rendition, so no HLS and no multicast: " + why.detail);
    with_ts_ = false;
    return {};
  }

  Status prepare_keys() {
    seal_.title = title_;
    seal_.protection.policy = options_.protect;
    if (!options_.sign_key.empty()) {
      auto key = load_signing_key(options_.sign_key);
      if (!key) return tl::unexpected(key.error());
      sign_.emplace(std::move(*key));
    }
    if (options_.protect == Protect::kNone) return {};
    if (options_.key_file.empty()) {
      return fail(ErrorCode::kBadArgument, "--key-file is needed with --protect " +
                                               std::string(protect_name(options_.protect)) +
                                               ": it is made when missing");
    }
    auto key = load_content_key(options_.key_file);
    if (!key && key.error().code != ErrorCode::kKeyMissing) return tl::unexpected(key.error());
    report_.key_created = !key;
    seal_.key = key ? *key : ContentKey::random();
    seal_.protection.kid = seal_.key->kid();
    seal_.protection.gateway = options_.gateway;
    if (options_.protect == Protect::kPartial) seal_.protection.every = options_.partial_every;
    return {};
  }

  // Says so before hours of work that a full disk would end; the work itself checks every write.
  Status check_room() {
    auto staging = Staging::create(options_.library);
    if (!staging) return tl::unexpected(staging.error());
    staging_.emplace(std::move(*staging));
    const std::uint64_t wanted = with_file_ ? sealed_length(source_.size()) : 0;
    struct statvfs disk {};
    if (::statvfs(staging_->folder().c_str(), &disk) != 0) return {};
    const std::uint64_t room = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
    if (wanted <= room) return {};
    return fail(ErrorCode::kNoSpace, options_.library.string() + ": " + human_bytes(wanted) +
                                         " are needed, " + human_bytes(room) + " are free");
  }

  std::uint64_t total_work() const { return source_.size() * (with_ts_ ? 2U : 1U); }

  Status make_file() {
    const auto done = [this](std::uint64_t bytes) { progress_(bytes, total_work()); };
    if (!with_file_) {
      auto hash = hash_source(source_, done);
      if (!hash) return tl::unexpected(hash.error());
      sha256_ = *hash;
      return {};
    }
    PiecePlanOptions plan;
    plan.piece_bytes = options_.piece_bytes;
    const auto ranges = arrange_media_header(probe_.reads, source_.size(), plan);
    const auto cuts = plan_pieces(ranges, source_.size(), plan);
    if (cuts.empty() && ranges.empty()) {
      return fail(ErrorCode::kBadArgument,
                  "--piece-size: more than " + std::to_string(kMaxPieces) + " pieces");
    }
    PieceWriter writer(*staging_, seal_, in_flight_bytes(options_.piece_bytes), writer_threads());
    auto cut = cut_source(source_, ranges, cuts, writer, done);
    if (!cut) return tl::unexpected(cut.error());
    auto pieces = writer.finish();
    if (!pieces) return tl::unexpected(pieces.error());
    sha256_ = cut->sha256;
    auto media_header = make_media_header(seal_, ranges, std::move(cut->media_header));
    if (!media_header) return tl::unexpected(media_header.error());
    report_.header.media_header = std::move(*media_header);
    Rendition rendition;
    rendition.kind = RenditionKind::kFile;
    rendition.bytes = source_.size();
    rendition.pieces = std::move(*pieces);
    report_.header.renditions.push_back(std::move(rendition));
    return {};
  }

  Status make_ts() {
    TimeIndex* index = &probe_.index;
    Remuxed remuxed;
    if (with_ts_) {
      PieceWriter writer(*staging_, seal_, in_flight_bytes(0), writer_threads());
      RemuxOptions remux;
      remux.segment_seconds = options_.segment_seconds;
      auto result = remux_to_ts(
          source_, *probe_.format, remux, writer,
          [this](std::uint64_t bytes) { progress_(source_.size() + bytes, total_work()); });
      auto pieces =
          result ? writer.finish() : Result<std::vector<Piece>>(tl::unexpected(result.error()));
      if (!pieces && pieces.error().code != ErrorCode::kFormatIncorrect) {
        return tl::unexpected(pieces.error());
      }
      if (!pieces) {
        if (auto without = without_ts(pieces.error()); !without) return without;
      } else {
        remuxed = std::move(*result);
        add_ts(std::move(*pieces), remuxed.bytes);
        // TS and PS have no index: the packets that went by make a better one.
        if (probe_.index.key_frames() < remuxed.source_index.key_frames()) {
          index = &remuxed.source_index;
        }
      }
    }
    for (Rendition& rendition : report_.header.renditions) {
      if (rendition.kind != RenditionKind::kFile) continue;
      index->stamp(rendition.pieces, probe_.duration_us);
      rendition.seek = index->seek_points();
    }
    return {};
  }

  void add_ts(std::vector<Piece> pieces, std::uint64_t bytes) {
    Rendition rendition;
    rendition.kind = RenditionKind::kTs;
    rendition.bytes = bytes;
    rendition.pieces = std::move(pieces);
    for (const Piece& piece : rendition.pieces) {
      if (!rendition.seek.empty() && piece.time_us <= rendition.seek.back().time_us) continue;
      if (rendition.seek.size() < kMaxSeekPoints) {
        rendition.seek.push_back({piece.time_us, piece.offset});
      }
    }
    report_.header.renditions.push_back(std::move(rendition));
  }

  Result<Bytes> encode() {
    HeaderFile& header = report_.header;
    if (!sign_) return header.encode();
    header.signature.emplace();
    header.signature->public_key = sign_->public_key();
    const auto unsigned_part = header.encode_unsigned_part();
    if (!unsigned_part) return tl::unexpected(unsigned_part.error());
    header.signature->signature = sign_->sign(*unsigned_part);
    return header.encode();
  }

  void describe_title() {
    TitleInfo& info = report_.header.info;
    info.title = title_;
    info.revision = random_uuid();
    info.created_unix_s =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
    info.name = to_source_name(source_.name());
    info.extension = probe_.extension;
    info.mime = probe_.mime;
    info.format = std::string(probe_.format->name);
    info.source_sha256 = sha256_;
    info.source_bytes = source_.size();
    info.duration_us = probe_.duration_us;
    info.protection = seal_.protection;
    info.streams = probe_.streams;
  }

  Status publish() {
    describe_title();
    auto encoded = encode();
    if (!encoded) return tl::unexpected(encoded.error());
    report_.header_bytes = encoded->size();
    if (const auto preamble = HeaderPreamble::decode(*encoded)) {
      report_.fast_start_bytes = preamble->fast_start_bytes;
    }
    if (auto same = source_.check_unchanged(); !same) return same;
    // The last moment to change one's mind: what follows takes milliseconds and is not left half
    // done.
    if (auto ok = check_interrupt(); !ok) return ok;
    NewKeyFile key_file;
    if (report_.key_created) {
      if (auto saved = key_file.save(options_.key_file, *seal_.key); !saved) return saved;
    }
    const auto published =
        staging_->publish(report_.header, *encoded, report_.header_file, options_.keep_old);
    if (!published) return tl::unexpected(published.error());
    key_file.keep();
    report_.replaced = published->replaced;
    report_.removed_pieces = published->removed_pieces;
    return {};
  }

  const SplitOptions& options_;
  const Clock& clock_;
  const SplitProgress& progress_;
  SourceFile source_;
  MediaProbe probe_;
  std::string title_;
  bool with_file_ = true;
  bool with_ts_ = true;
  SealContext seal_;
  std::optional<SigningKey> sign_;
  std::optional<Staging> staging_;
  Digest sha256_{};
  SplitReport report_;
};

}  // namespace

std::string title_from_name(const std::string& file_name) {
  std::string out;
  for (const char c : fs::path(file_name).stem().string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    if (plain) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  out.erase(0, std::min(out.find_first_not_of(".-"), out.size()));
  if (out.size() > 128) out.resize(128);
  while (!out.empty() && out.back() == '-') out.pop_back();
  if (!out.empty()) return out;
  // A name in another script: a short name of its own, always the same for the same file name.
  return "film-" + to_hex(sha256(as_bytes(file_name))).substr(0, 8);
}

Result<SplitReport> split_title(const SplitOptions& options, const Clock& clock,
                                const SplitProgress& progress) {
  return Split(options, clock, progress).run();
}

}  // namespace weir
