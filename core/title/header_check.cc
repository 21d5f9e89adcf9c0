// The rules of docs/formats/header_file.md that hold between values, for reader and writer alike.
#include <algorithm>
#include <utility>

#include "core/base/cbor.h"
#include "core/title/header_sections.h"
#include "core/title/piece_plan.h"
#include "core/title/title_id.h"

namespace weir::header {
namespace {

constexpr std::size_t kMaxText = 255;
constexpr std::size_t kMaxGateway = 1024;
constexpr std::uint64_t kMaxSigned = ~std::uint64_t{0} >> 1;

class Check {
 public:
  Check(const HeaderFile& header, ErrorCode code) : header_(header), code_(code) {}

  Status run() {
    info();
    protection();
    for (const StreamInfo& stream : header_.info.streams) check_stream(stream);
    media_header();
    renditions();
    if (!broken_.has_value()) tiles();
    if (!broken_.has_value()) unique_uuids();
    if (broken_.has_value()) return tl::unexpected(*broken_);
    return {};
  }

 private:
  void require(bool holds, std::string_view otherwise) {
    if (!holds && !broken_) broken_ = Error{code_, std::string(otherwise)};
  }
  void limit(bool holds, std::string_view otherwise) {
    if (!holds && !broken_) broken_ = Error{ErrorCode::kHeaderTooLarge, std::string(otherwise)};
  }

  // Such text goes into HTTP headers, playlists and terminals as it stands.
  void label(std::string_view text, bool may_be_empty, std::string_view otherwise) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
      return c >= ' ' && c <= '~' && c != '"' && c != '\\';
    });
    require(plain && text.size() <= kMaxText && (may_be_empty || !text.empty()), otherwise);
  }

  void info() {
    const TitleInfo& info = header_.info;
    require(is_title_id(info.title), "the title is no title id");
    require(is_source_name(info.name), "the name is not the base name of a file");
    require(
        !info.extension.empty() && info.extension.size() <= 8 &&
            std::all_of(info.extension.begin(), info.extension.end(),
                        [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }),
        "the extension is not 1 to 8 of a-z 0-9");
    label(info.mime, false, "the media type is not plain text");
    label(info.format, false, "the format is not plain text");
    require(info.source_bytes >= 1 && info.source_bytes <= kMaxSigned, "the source has no bytes");
    require(info.created_unix_s >= 0, "created before 1970");
    require(info.duration_us >= 0, "a negative duration");
    limit(info.streams.size() <= kMaxStreams, "more than 32 streams");
  }

  void protection() {
    const Protection& p = header_.info.protection;
    if (p.policy == Protect::kNone) {
      require(p == Protection{}, "a title without protection has no key id, interval or gateway");
    } else {
      require(p.policy == Protect::kPartial ? p.every >= 2 : p.every == 0,
              "every stands with partial protection, and is at least 2");
    }
    require(p.gateway.size() <= kMaxGateway &&
                std::all_of(p.gateway.begin(), p.gateway.end(),
                            [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; }),
            "the gateway is no URL");
  }

  void check_stream(const StreamInfo& s) {
    label(s.type, false, "a stream's type is not plain text");
    label(s.codec, false, "a stream's codec is not plain text");
    label(s.rfc6381, true, "a stream's rfc6381 is not plain text");
    label(s.language, true, "a stream's language is not plain text");
    require(s.rate_den >= 1 && (s.rate_num >= 1 || s.rate_den == 1),
            "a stream's rate is no number");
  }

  bool is_protected() const { return header_.info.protection.policy != Protect::kNone; }

  void media_header() {
    const MediaHeader& media = header_.media_header;
    if (media.ranges.empty()) {
      return require(media == MediaHeader{}, "a media header without ranges");
    }
    require(header_.find(RenditionKind::kFile) != nullptr,
            "a media header belongs to the file rendition, and there is none");
    limit(media.ranges.size() <= kMaxMediaHeaderRanges, "more than 4096 media header ranges");
    std::uint64_t free_from = 0;
    std::uint64_t sum = 0;
    for (const ByteRange& range : media.ranges) {
      const bool first = &range == &media.ranges.front();
      const std::uint64_t size = header_.info.source_bytes;
      require(range.length >= 1 && range.offset <= size && range.length <= size - range.offset,
              "a media header range outside the source");
      if (broken_) return;
      require(first || range.offset > free_from,
              "media header ranges that overlap, touch or are out of order");
      free_from = range.end();
      sum += range.length;
    }
    limit(sum <= kMaxMediaHeaderBytes, "a media header of more than 32 MiB");
    require(media.sealed == is_protected(), "the media header is sealed unless protection is none");
    require(media.payload.size() == (media.sealed ? sealed_length(sum) : sum),
            "the media header's length is not that of its ranges");
    require(media.sealed || media.commitment == Digest{},
            "a commitment without a sealed media header");
  }

  void renditions() {
    std::size_t pieces = 0;
    const Rendition* before = nullptr;
    require(!header_.renditions.empty(), "no rendition");
    for (const Rendition& rendition : header_.renditions) {
      require(rendition.kind == RenditionKind::kFile || rendition.kind == RenditionKind::kTs,
              "a rendition of unknown kind");
      require(before == nullptr || before->kind < rendition.kind,
              "renditions out of order, or two of a kind");
      before = &rendition;
      pieces += rendition.pieces.size();
      require(rendition.bytes >= 1 && rendition.bytes <= kMaxSigned, "an empty rendition");
      seek_points(rendition);
    }
    limit(pieces <= kMaxPieces, "more than 262144 pieces: use larger ones");
    for (const Rendition& rendition : header_.renditions) {
      if (broken_) return;
      for (std::size_t i = 0; i < rendition.pieces.size(); ++i) {
        piece(rendition.pieces[i], static_cast<std::uint32_t>(i));
      }
    }
  }

  void seek_points(const Rendition& rendition) {
    limit(rendition.seek.size() <= kMaxSeekPoints, "more than 65536 seek points");
    SeekPoint before;
    for (const SeekPoint& point : rendition.seek) {
      require(point.time_us >= before.time_us && point.offset >= before.offset &&
                  point.offset < rendition.bytes,
              "seek points out of order, or past the end");
      before = point;
    }
  }

  void piece(const Piece& p, std::uint32_t index) {
    require(p.plain_bytes >= 1, "an empty piece");
    limit(p.plain_bytes <= kMaxPieceBytes, "a piece of more than 64 MiB");
    require(p.stored_bytes == (p.sealed ? sealed_length(p.plain_bytes) : p.plain_bytes),
            "a piece's stored length is not that of its plain length");
    require(p.sealed == seals_piece(header_.info.protection, index),
            "a piece is sealed where the policy says it is not, or the other way round");
    require(p.sealed || p.commitment == Digest{}, "a commitment without a sealed piece");
    require(p.time_us >= 0, "a piece with a negative time");
  }

  // `file`: ranges and pieces together cover 0..size, each byte once. `ts`: the pieces alone.
  void tiles() {
    for (const Rendition& rendition : header_.renditions) {
      const bool is_file = rendition.kind == RenditionKind::kFile;
      if (is_file) {
        require(rendition.bytes == header_.info.source_bytes,
                "the file rendition is not as long as the source");
      }
      const auto& ranges = header_.media_header.ranges;
      std::size_t next_range = is_file ? 0 : ranges.size();
      std::size_t next_piece = 0;
      std::uint64_t at = 0;
      while (at < rendition.bytes) {
        if (next_range < ranges.size() && ranges[next_range].offset == at) {
          at = ranges[next_range++].end();
        } else if (next_piece < rendition.pieces.size() &&
                   rendition.pieces[next_piece].offset == at) {
          at = rendition.pieces[next_piece++].end();
        } else {
          break;
        }
      }
      require(at == rendition.bytes && next_range == ranges.size() &&
                  next_piece == rendition.pieces.size(),
              "pieces and media header do not cover the rendition exactly once");
    }
  }

  // Sorted, not hashed: whoever makes a hostile header chooses the UUIDs.
  void unique_uuids() {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;
    std::size_t count = 1;
    for (const Rendition& rendition : header_.renditions) count += rendition.pieces.size();
    seen.reserve(count);
    const auto note = [&seen](const Uuid& id) {
      ByteReader in(id.view());
      const std::uint64_t high = in.u64();
      seen.emplace_back(high, in.u64());
    };
    if (!header_.media_header.ranges.empty()) note(header_.media_header.id);
    for (const Rendition& rendition : header_.renditions) {
      for (const Piece& p : rendition.pieces) note(p.id);
    }
    std::sort(seen.begin(), seen.end());
    require(std::adjacent_find(seen.begin(), seen.end()) == seen.end(), "a UUID occurs twice");
  }

  const HeaderFile& header_;
  ErrorCode code_;
  std::optional<Error> broken_;  // the first rule that did not hold
};

}  // namespace

Status check_header(const HeaderFile& header, ErrorCode code) {
  return Check(header, code).run();
}

}  // namespace weir::header

namespace weir {

bool is_source_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= header::kMaxText && name != "." && name != ".." &&
         is_utf8(name) && std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/';
         });
}

std::string to_source_name(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.size();) {
    // The longest well-formed character here: at most four bytes.
    std::size_t length = 1;
    while (length <= 4 && i + length <= raw.size() && !is_utf8(raw.substr(i, length))) ++length;
    const std::string_view c = raw.substr(i, length);
    if (length > 4 || i + length > raw.size() || !is_source_name("a" + std::string(c))) {
      out += '_';
      ++i;
    } else {
      if (out.size() + length > header::kMaxText) break;
      out += c;
      i += length;
    }
    if (out.size() == header::kMaxText) break;
  }
  return is_source_name(out) ? out : "_" + out;
}

}  // namespace weir
