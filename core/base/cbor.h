// CBOR in the core deterministic encoding (RFC 8949 section 4.2.1), as far as Weir's formats go:
// unsigned integers, byte and text strings, arrays, maps with text keys. One value has one
// spelling: the reader refuses longer integers than needed, indefinite lengths, unsorted or
// repeated keys, floats, tags, negative and simple values, and text that is not UTF-8. It neither
// recurses nor allocates, so hostile input costs no more than its length.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"

namespace weir {

// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text) noexcept;

class CborWriter {
 public:
  void uint(std::uint64_t value) { head(0, value); }
  void bytes(ByteView value);
  void text(std::string_view value);
  void array(std::size_t count) { head(4, count); }
  // `count` pairs follow, each a text() key and a value. The caller writes the keys in their order:
  // shorter before longer, equal lengths by their bytes.
  void map(std::size_t count) { head(5, count); }

  Bytes take() && { return std::move(out_).take(); }

 private:
  void head(std::uint8_t major, std::uint64_t argument);

  ByteWriter out_;
};

// Pulls values in the order in which the format has them. As with ByteReader the first failure is
// final: every later read returns nothing, so a parser may read on and look once.
class CborReader {
 public:
  explicit CborReader(ByteView in) noexcept : in_(in) {}

  std::uint64_t uint() noexcept { return head(0); }
  ByteView bytes() noexcept { return in_.take(string_length(2)); }
  std::string_view text() noexcept;
  std::size_t array(std::size_t max_items) noexcept { return items(4, max_items); }
  std::size_t map(std::size_t max_pairs) noexcept { return items(5, max_pairs); }

  bool ok() const noexcept { return ok_ && in_.ok(); }
  bool at_end() const noexcept { return in_.left() == 0; }
  void fail() noexcept { ok_ = false; }

 private:
  std::uint64_t head(std::uint8_t major) noexcept;
  std::size_t string_length(std::uint8_t major) noexcept;
  std::size_t items(std::uint8_t major, std::size_t max) noexcept;

  ByteReader in_;
  bool ok_ = true;
};

// The keys of one map, in order. next() is false at its end or when something was wrong; the caller
// reads exactly one value after each true.
class CborMap {
 public:
  CborMap(CborReader& in, std::size_t max_pairs) noexcept : in_(in), left_(in.map(max_pairs)) {}

  bool next() noexcept;
  std::string_view key() const noexcept { return key_; }

 private:
  CborReader& in_;
  std::size_t left_;
  std::string_view key_;
  bool first_ = true;
};

}  // namespace weir
