#include "core/title/title_reader.h"

#include <algorithm>
#include <iterator>

namespace weir {
namespace {

// The last element whose offset is at or before `at`; null when there is none.
template <typename T>
const T* last_starting_by(const std::vector<T>& sorted, std::uint64_t at) noexcept {
  const auto after = std::upper_bound(
      sorted.begin(), sorted.end(), at,
      [](std::uint64_t value, const T& element) { return value < element.offset; });
  return after == sorted.begin() ? nullptr : &*std::prev(after);
}

}  // namespace

StoredSpan stored_span(bool sealed, std::uint64_t total_plain, std::uint64_t plain_offset,
                       std::uint64_t length) noexcept {
  if (!sealed || length == 0) return {plain_offset, length, 0, 0};
  constexpr std::uint64_t kStoredRecord = kRecordBytes + kRecordTagBytes;
  const std::uint64_t first = plain_offset / kRecordBytes;
  const std::uint64_t last = (plain_offset + length - 1) / kRecordBytes;
  const std::uint64_t end = std::min((last + 1) * kStoredRecord, sealed_length(total_plain));
  return {first * kStoredRecord, end - first * kStoredRecord, static_cast<std::uint32_t>(first),
          plain_offset - first * kRecordBytes};
}

TitleReader::TitleReader(const HeaderFile& header, RenditionKind kind)
    : header_(&header), rendition_(header.find(kind)) {
  if (kind != RenditionKind::kFile) return;
  std::uint64_t start = 0;
  range_starts_.reserve(header.media_header.ranges.size());
  for (const ByteRange& range : header.media_header.ranges) {
    range_starts_.push_back(start);
    start += range.length;
  }
}

std::uint64_t TitleReader::size() const noexcept {
  return rendition_ == nullptr ? 0 : rendition_->bytes;
}

std::optional<TitleSpan> TitleReader::span_at(std::uint64_t at, std::uint64_t want) const noexcept {
  if (want == 0 || at >= size()) return std::nullopt;
  const Piece* piece = last_starting_by(rendition_->pieces, at);
  if (piece != nullptr && at < piece->end()) {
    const auto index = static_cast<std::uint32_t>(piece - rendition_->pieces.data());
    return TitleSpan{false, index, at - piece->offset, std::min(want, piece->end() - at)};
  }
  if (range_starts_.empty()) return std::nullopt;
  const std::vector<ByteRange>& ranges = header_->media_header.ranges;
  const ByteRange* range = last_starting_by(ranges, at);
  if (range == nullptr || at >= range->end()) return std::nullopt;
  const std::uint64_t start = range_starts_[static_cast<std::size_t>(range - ranges.data())];
  return TitleSpan{true, 0, start + (at - range->offset), std::min(want, range->end() - at)};
}

std::vector<TitleSpan> TitleReader::spans(std::uint64_t offset, std::uint64_t length) const {
  std::vector<TitleSpan> out;
  while (const auto span = span_at(offset, length)) {
    out.push_back(*span);
    offset += span->length;
    length -= span->length;
  }
  return out;
}

}  // namespace weir
