#include "core/base/cbor.h"

#include <utility>

namespace weir {

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i++]);
    if (lead < 0x80) continue;
    // Bytes that follow, and the bounds of the first of them (RFC 3629 section 4).
    int more = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    for (; more > 0; --more, low = 0x80, high = 0xbf) {
      if (i == text.size()) return false;
      const auto next = static_cast<std::uint8_t>(text[i++]);
      if (next < low || next > high) return false;
    }
  }
  return true;
}

void CborWriter::head(std::uint8_t major, std::uint64_t argument) {
  const auto first = [major](unsigned info) {
    return static_cast<std::uint8_t>(unsigned{major} << 5 | info);
  };
  if (argument < 24) {
    out_.u8(first(static_cast<unsigned>(argument)));
  } else if (argument <= 0xff) {
    out_.u8(first(24));
    out_.u8(static_cast<std::uint8_t>(argument));
  } else if (argument <= 0xffff) {
    out_.u8(first(25));
    out_.u16(static_cast<std::uint16_t>(argument));
  } else if (argument <= 0xffffffff) {
    out_.u8(first(26));
    out_.u32(static_cast<std::uint32_t>(argument));
  } else {
    out_.u8(first(27));
    out_.u64(argument);
  }
}

void CborWriter::bytes(ByteView value) {
  head(2, value.size());
  out_.bytes(value);
}

void CborWriter::text(std::string_view value) {
  head(3, value.size());
  out_.bytes(as_bytes(value));
}

std::uint64_t CborReader::head(std::uint8_t major) noexcept {
  if (!ok()) return 0;
  const std::uint8_t first = in_.u8();
  const unsigned info = first & 31U;
  std::uint64_t value = info;
  std::uint64_t shortest = 0;  // the least value that needs this width
  switch (info) {
    case 24:
      value = in_.u8();
      shortest = 24;
      break;
    case 25:
      value = in_.u16();
      shortest = 0x100;
      break;
    case 26:
      value = in_.u32();
      shortest = 0x10000;
      break;
    case 27:
      value = in_.u64();
      shortest = 0x100000000;
      break;
    default:
      if (info > 27) ok_ = false;  // reserved, or an indefinite length
  }
  if (first >> 5 != major || value < shortest) ok_ = false;
  return ok() ? value : 0;
}

std::size_t CborReader::string_length(std::uint8_t major) noexcept {
  const std::uint64_t length = head(major);
  if (length > in_.left()) ok_ = false;
  return ok() ? static_cast<std::size_t>(length) : 0;
}

std::string_view CborReader::text() noexcept {
  const std::string_view out = as_chars(in_.take(string_length(3)));
  if (is_utf8(out)) return out;
  ok_ = false;
  return {};
}

std::size_t CborReader::items(std::uint8_t major, std::size_t max) noexcept {
  const std::uint64_t count = head(major);
  if (count > max) ok_ = false;
  return ok() ? static_cast<std::size_t>(count) : 0;
}

bool CborMap::next() noexcept {
  if (left_ == 0 || !in_.ok()) return false;
  --left_;
  const std::string_view before = std::exchange(key_, in_.text());
  // The encoded bytes of a key start with its length, so shorter keys sort first.
  const bool ascends =
      before.size() < key_.size() || (before.size() == key_.size() && before < key_);
  if (!first_ && !ascends) in_.fail();
  first_ = false;
  return in_.ok();
}

}  // namespace weir
