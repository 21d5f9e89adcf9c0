#include "companions/splitter/inspect_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "crypto/signature.h"
#include "runtime/human.h"

namespace weir {
namespace {

constexpr std::size_t kFirstRows = 6;
constexpr std::size_t kLastRows = 2;

// Rows of text under a head, columns as wide as their widest cell; all but the last column are
// aligned to the right. Long tables show their first and last rows.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}

  // Whether row `index` of `count` is shown.
  static bool shows(std::size_t index, std::size_t count) noexcept {
    return count <= kFirstRows + kLastRows + 1 || index < kFirstRows || index >= count - kLastRows;
  }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void gap(std::size_t left_out) {
    rows_.push_back({});
    left_out_ = left_out;
  }

  std::string text() const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < head_.size(); ++i) {
      widths.push_back(head_[i].size());
      for (const auto& row : rows_) {
        if (!row.empty()) widths[i] = std::max(widths[i], row[i].size());
      }
    }
    std::string out = line(head_, widths);
    for (const auto& row : rows_) {
      out += row.empty() ? "    … " + grouped(left_out_) + " more …\n" : line(row, widths);
    }
    return out;
  }

 private:
  static std::string line(const std::vector<std::string>& cells,
                          const std::vector<std::size_t>& widths) {
    std::string out = "  ";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += "  ";
      if (i + 1 < cells.size()) out += std::string(widths[i] - cells[i].size(), ' ');
      out += cells[i];
    }
    return out + "\n";
  }

  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
  std::size_t left_out_ = 0;
};

template <typename Items, typename Row>
std::string table_of(std::vector<std::string> head, const Items& items, const Row& row) {
  Table table(std::move(head));
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (Table::shows(i, items.size())) {
      table.row(row(i, items[i]));
    } else if (i == kFirstRows) {
      table.gap(items.size() - kFirstRows - kLastRows);
    }
  }
  return table.text();
}

std::string seconds(std::int64_t us) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.3f", static_cast<double>(us) / 1e6);
  return out.data();
}

std::string field(std::string_view name, const std::string& value) {
  std::string out = "  " + std::string(name);
  out += std::string(out.size() < 15 ? 15 - out.size() : 1, ' ');
  return out + value + "\n";
}

std::string moment(std::int64_t unix_s) {
  const std::time_t when = unix_s;
  std::tm parts{};
  ::gmtime_r(&when, &parts);
  std::array<char, 64> out{};
  std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return out.data();
}

// A name from a file may hold anything; a terminal must not be told what to do by it.
std::string printable(const std::string& text) {
  std::string out = text;
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

std::string stream_line(const StreamInfo& stream) {
  std::string out = printable(stream.type) + " " + printable(stream.codec);
  if (!stream.rfc6381.empty()) out += " (" + printable(stream.rfc6381) + ")";
  if (stream.width > 0) {
    out += ", " + std::to_string(stream.width) + "x" + std::to_string(stream.height);
  }
  if (stream.rate_num > 0 && stream.rate_den > 0) {
    std::array<char, 48> rate{};
    std::snprintf(rate.data(), rate.size(), ", %.5g %s",
                  static_cast<double>(stream.rate_num) / stream.rate_den,
                  stream.type == "video" ? "fps" : "Hz");
    out += rate.data();
  }
  if (stream.channels > 0) {
    out +=
        ", " + std::to_string(stream.channels) + (stream.channels == 1 ? " channel" : " channels");
  }
  if (!stream.language.empty()) out += ", " + printable(stream.language);
  return out;
}

std::string protection_line(const HeaderFile& header) {
  const Protection& protection = header.info.protection;
  std::string out(protect_name(protection.policy));
  if (protection.policy == Protect::kNone) return out;
  if (protection.policy == Protect::kPartial) {
    out += " (media header and one piece in " + std::to_string(protection.every) + ")";
  }
  out += ", enp-gcm-1, key " + protection.kid.to_string();
  if (!protection.gateway.empty()) out += ", from " + printable(protection.gateway);
  return out;
}

std::string plural(std::uint64_t n, const char* one, const char* many) {
  return grouped(n) + " " + (n == 1 ? one : many);
}

}  // namespace

std::string start_report(const ReportSizes& sizes) {
  const std::uint64_t bytes = sizes.fast_start_bytes;
  std::string out = "starts with " + grouped(bytes) + " bytes in ";
  if (bytes <= kFastStartTarget) return out + "one request";
  return out + "two requests: its index and first pieces do not fit into the first 64 KiB";
}

std::string title_report(const HeaderFile& header, const ReportSizes& sizes) {
  const TitleInfo& info = header.info;
  std::string out = info.title + "\n";
  out +=
      field("source", printable(info.name) + ", " + grouped(info.source_bytes) + " bytes (" +
                          human_bytes(info.source_bytes) + ")" +
                          (info.duration_us > 0
                               ? ", " + human_duration(static_cast<double>(info.duration_us) / 1e6)
                               : std::string()));
  out += field("format", printable(info.format) + " (" + printable(info.mime) + "), file." +
                             printable(info.extension));
  out += field("sha256", to_hex(info.source_sha256));
  out += field("revision", info.revision.to_string() + ", made " + moment(info.created_unix_s));
  out += field("protection", protection_line(header));
  if (header.signature) out += field("signed by", key_thumbprint(header.signature->public_key));
  for (std::size_t i = 0; i < info.streams.size(); ++i) {
    out += field("stream " + std::to_string(i), stream_line(info.streams[i]));
  }
  for (const Rendition& rendition : header.renditions) {
    out += field("rendition", std::string(rendition_name(rendition.kind)) + ", " +
                                  grouped(rendition.bytes) + " bytes in " +
                                  plural(rendition.pieces.size(), "piece", "pieces") + ", " +
                                  plural(rendition.seek.size(), "seek point", "seek points"));
  }
  out += field("start", start_report(sizes));
  out += field("header", grouped(sizes.header_bytes) + " bytes");
  return out;
}

std::string reads_table(const std::vector<ByteRange>& reads, std::uint64_t calls) {
  std::uint64_t bytes = 0;
  for (const ByteRange& read : reads) bytes += read.length;
  return "\nReads while opening, as recorded: " + plural(calls, "read", "reads") + " in " +
         plural(reads.size(), "run", "runs") + ", " + grouped(bytes) + " bytes\n" +
         table_of({"#", "offset", "length"}, reads, [](std::size_t i, const ByteRange& read) {
           return std::vector<std::string>{std::to_string(i), grouped(read.offset),
                                           grouped(read.length)};
         });
}

std::string ranges_table(const MediaHeader& media_header) {
  return "\nMedia header, as arranged: " + plural(media_header.ranges.size(), "range", "ranges") +
         ", " + grouped(media_header.plain_bytes()) + " bytes" +
         (media_header.sealed ? ", sealed" : "") + "\n" +
         table_of({"#", "offset", "length"}, media_header.ranges,
                  [](std::size_t i, const ByteRange& range) {
                    return std::vector<std::string>{std::to_string(i), grouped(range.offset),
                                                    grouped(range.length)};
                  });
}

std::string pieces_table(const Rendition& rendition) {
  std::size_t sealed = 0;
  for (const Piece& piece : rendition.pieces) sealed += piece.sealed ? 1 : 0;
  return "\nPieces of the " + std::string(rendition_name(rendition.kind)) +
         " rendition: " + grouped(rendition.pieces.size()) +
         (sealed > 0 ? ", " + grouped(sealed) + " sealed" : "") + "\n" +
         table_of({"#", "offset", "bytes", "stored", "time", "seconds", "flags", "piece"},
                  rendition.pieces, [](std::size_t i, const Piece& piece) {
                    const std::string flags =
                        std::string(piece.key_frame ? "k" : "-") + (piece.sealed ? "s" : "-");
                    return std::vector<std::string>{std::to_string(i),
                                                    grouped(piece.offset),
                                                    grouped(piece.plain_bytes),
                                                    grouped(piece.stored_bytes),
                                                    seconds(piece.time_us),
                                                    seconds(piece.duration_us),
                                                    flags,
                                                    piece.id.to_string()};
                  });
}

}  // namespace weir
