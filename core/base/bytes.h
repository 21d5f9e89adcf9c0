// Views of bytes, owned bytes, and a bounds-checked big-endian reader and writer.
// All of Weir's formats are big-endian (network order).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;  // SHA-256

inline ByteView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_chars(ByteView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view text);  // even length, either case; else nullopt

// base64url without padding (RFC 4648 section 5). Decoding refuses padding, foreign characters and
// non-zero trailing bits, so that one value has one spelling.
std::string to_base64url(ByteView bytes);
std::optional<Bytes> from_base64url(std::string_view text);

// Reads big-endian integers from a view. The first read past the end makes ok() false for good and
// every later read returns zero, so a parser may read a whole struct and look once.
class ByteReader {
 public:
  explicit ByteReader(ByteView in) noexcept : in_(in) {}

  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() noexcept { return integer(8); }
  ByteView take(std::size_t n) noexcept;  // empty view and !ok() when fewer than n are left

  template <std::size_t N>
  std::array<std::uint8_t, N> array() noexcept {
    std::array<std::uint8_t, N> out{};
    const ByteView bytes = take(N);
    for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = bytes[i];
    return out;
  }

  bool ok() const noexcept { return ok_; }
  std::size_t left() const noexcept { return in_.size() - at_; }
  std::size_t position() const noexcept { return at_; }

 private:
  std::uint64_t integer(std::size_t width) noexcept;

  ByteView in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

class ByteWriter {
 public:
  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) { integer(v, 2); }
  void u32(std::uint32_t v) { integer(v, 4); }
  void u64(std::uint64_t v) { integer(v, 8); }
  void bytes(ByteView v) { out_.insert(out_.end(), v.begin(), v.end()); }

  std::size_t size() const noexcept { return out_.size(); }
  Bytes& out() noexcept { return out_; }
  Bytes take() && { return std::move(out_); }

 private:
  void integer(std::uint64_t v, int width);

  Bytes out_;
};

}  // namespace weir
