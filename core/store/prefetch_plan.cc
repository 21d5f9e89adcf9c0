#include "core/store/prefetch_plan.h"

#include <algorithm>
#include <utility>

#include "core/store/http_fields.h"
#include "core/store/structured_dictionary.h"

namespace weir {
namespace {

constexpr std::size_t kMaxCmcd = 4096;
constexpr std::size_t kMaxSession = 64;

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

std::optional<std::string_view> next_line(std::string_view& text) noexcept {
  if (text.empty()) return std::nullopt;
  const auto end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// Walks a media playlist (RFC 8216 4.3.2) and gives one segment after the other.
class SegmentReader {
 public:
  SegmentReader(std::string_view text, const TargetUri& playlist) : left_(text), base_(playlist) {
    const auto first = next_line(left_);
    is_playlist_ = first && first->starts_with("#EXTM3U");
  }

  std::optional<PrefetchTarget> next() {
    while (is_playlist_ && segments_ < kMaxPlaylistSegments) {
      const auto line = next_line(left_);
      if (!line) return std::nullopt;
      if (line->starts_with("#EXT-X-STREAM-INF")) return std::nullopt;  // a master playlist
      if (line->starts_with("#EXTINF:")) in_segment_ = true;
      constexpr std::string_view kByteRange = "#EXT-X-BYTERANGE:";
      if (line->starts_with(kByteRange)) byte_range_ = line->substr(kByteRange.size());
      if (line->empty() || line->front() == '#' || !in_segment_) continue;
      in_segment_ = false;
      ++segments_;
      if (auto target = segment(*line)) return target;
    }
    return std::nullopt;
  }

 private:
  std::optional<PrefetchTarget> segment(std::string_view uri) {
    const std::string_view range = std::exchange(byte_range_, {});
    auto path = resolve_on_same_origin(base_, uri);
    if (!path) return std::nullopt;
    PrefetchTarget out{*std::move(path), std::nullopt};
    if (!range.empty()) {
      out.range = byte_range(range, out.path);
      if (!out.range) return std::nullopt;
      range_of_ = out.path;
      range_end_ = out.range->end();
    }
    return out;
  }

  // n[@o]: without o it follows the range before, which must be of the same file (4.3.2.2).
  std::optional<ByteRange> byte_range(std::string_view text, const std::string& path) const {
    const auto at = text.find('@');
    const auto length = parse_number(text.substr(0, at));
    if (!length || *length == 0) return std::nullopt;
    if (at == std::string_view::npos) {
      if (range_of_ != path || range_end_ == 0) return std::nullopt;
      return ByteRange{range_end_, *length};
    }
    const auto offset = parse_number(text.substr(at + 1));
    if (!offset) return std::nullopt;
    return ByteRange{*offset, *length};
  }

  std::string_view left_;
  TargetUri base_;
  bool is_playlist_ = false;
  bool in_segment_ = false;
  std::string_view byte_range_;
  std::string range_of_;
  std::uint64_t range_end_ = 0;
  std::size_t segments_ = 0;
};

// A segment that is part of a file is meant by any range that begins in it.
bool names(const PrefetchTarget& segment, const PrefetchTarget& current) {
  if (segment.path != current.path) return false;
  if (!segment.range || !current.range) return true;
  return current.range->offset >= segment.range->offset &&
         current.range->offset < segment.range->end();
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// nullopt: a "%" without two digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// Calls visit(argument) for each "name=value" of a query.
template <typename F>
void for_each_argument(std::string_view query, F&& visit) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    visit(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

bool is_cmcd(std::string_view argument) noexcept {
  return same_name(argument.substr(0, argument.find('=')), "cmcd");
}

std::string cmcd_text(std::string_view query, FieldLines request) {
  std::string out;
  for_each_argument(query, [&](std::string_view argument) {
    const auto equals = argument.find('=');
    if (!out.empty() || !is_cmcd(argument) || equals == std::string_view::npos) return;
    out = percent_decoded(argument.substr(equals + 1)).value_or("");
  });
  if (!out.empty()) return out;
  for (const char* name : {"cmcd-request", "cmcd-object", "cmcd-status", "cmcd-session"}) {
    const auto value = joined_value(request, name);
    if (!value || value->empty()) continue;
    if (!out.empty()) out += ',';
    out += *value;
  }
  return out;
}

const StructuredValue* member(const StructuredDictionary& all, std::string_view key) {
  for (const StructuredMember& one : all) {
    if (one.key == key) return &one.value;
  }
  return nullptr;
}

std::optional<std::int64_t> number_in(const StructuredDictionary& all, std::string_view key) {
  const StructuredValue* value = member(all, key);
  const auto* number = value != nullptr ? std::get_if<std::int64_t>(value) : nullptr;
  return number != nullptr && *number >= 0 ? std::optional(*number) : std::nullopt;
}

std::optional<std::string> text_in(const StructuredDictionary& all, std::string_view key) {
  const StructuredValue* value = member(all, key);
  const auto* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
  return text != nullptr ? std::optional(*text) : std::nullopt;
}

bool flag_in(const StructuredDictionary& all, std::string_view key) {
  const StructuredValue* value = member(all, key);
  const auto* flag = value != nullptr ? std::get_if<bool>(value) : nullptr;
  return flag != nullptr && *flag;
}

// nrr: "first-last". Open ends are not taken: they would be the whole rest of a film.
std::optional<ByteRange> request_range(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_number(text.substr(0, dash));
  const auto last = parse_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return ByteRange{*first, *last - *first + 1};
}

std::optional<PrefetchTarget> announced(const StructuredDictionary& all, const TargetUri& target) {
  const auto nor = text_in(all, "nor");
  const auto nrr = text_in(all, "nrr");
  PrefetchTarget out;
  if (nor) {
    const auto decoded = percent_decoded(*nor);
    auto path = decoded ? resolve_on_same_origin(target, *decoded) : std::nullopt;
    const bool clean = path && std::all_of(path->begin(), path->end(), [](char c) {
                         return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
                       });
    if (!clean) return std::nullopt;
    out.path = *std::move(path);
  } else {
    out.path = target.path_and_query;
  }
  if (nrr) out.range = request_range(*nrr);
  if (nrr && !out.range) return std::nullopt;
  if (!nor && !nrr) return std::nullopt;
  return out;
}

}  // namespace

std::vector<PrefetchTarget> next_segments(std::string_view text, const TargetUri& playlist,
                                          const PrefetchTarget& current, std::size_t count) {
  std::vector<PrefetchTarget> out;
  if (text.size() > kMaxPlaylistBytes) return out;
  SegmentReader reader(text, playlist);
  bool found = false;
  while (const auto segment = reader.next()) {
    // The last time it is named counts: a playlist may repeat itself.
    if (names(*segment, current)) {
      found = true;
      out.clear();
    } else if (found && out.size() < count) {
      out.push_back(*segment);
    }
  }
  return out;
}

Cmcd parse_cmcd(std::string_view query, FieldLines request, const TargetUri& target) {
  Cmcd out;
  const std::string text = cmcd_text(query, request);
  if (text.empty() || text.size() > kMaxCmcd) return out;
  const auto all = parse_structured_dictionary(text);
  if (!all) return out;
  out.next = announced(*all, target);
  out.bitrate_kbps = number_in(*all, "br");
  out.buffer_ms = number_in(*all, "bl");
  out.max_rate_kbps = number_in(*all, "rtp");
  out.starved = flag_in(*all, "bs");
  out.startup = flag_in(*all, "su");
  out.session = text_in(*all, "sid").value_or("").substr(0, kMaxSession);
  return out;
}

std::string without_cmcd(std::string_view query) {
  std::string out;
  for_each_argument(query, [&](std::string_view argument) {
    if (is_cmcd(argument)) return;
    if (!out.empty()) out += '&';
    out += argument;
  });
  return out;
}

std::vector<Uuid> next_pieces(const std::vector<Piece>& pieces, std::size_t index,
                              std::size_t count) {
  std::vector<Uuid> out;
  for (std::size_t i = index; i < pieces.size() && i - index < count; ++i) {
    if (i + 1 < pieces.size()) out.push_back(pieces[i + 1].id);
  }
  return out;
}

bool PrefetchBudget::start(std::uint64_t bytes, std::uint32_t viewers_waiting,
                           std::int64_t now_ms) noexcept {
  const std::uint64_t most = bytes_per_second * 2;
  const std::int64_t since = std::clamp<std::int64_t>(now_ms - filled_at_ms, 0, 2000);
  tokens = std::min(most, tokens + bytes_per_second * static_cast<std::uint64_t>(since) / 1000);
  filled_at_ms = now_ms;
  const bool fits =
      bytes <= tokens && in_flight <= max_in_flight && bytes <= max_in_flight - in_flight;
  if (viewers_waiting > 0 || !fits) {
    ++refused;
    return false;
  }
  tokens -= bytes;
  in_flight += bytes;
  started_bytes += bytes;
  return true;
}

void PrefetchBudget::done(std::uint64_t bytes) noexcept {
  in_flight -= std::min(in_flight, bytes);
}

}  // namespace weir
