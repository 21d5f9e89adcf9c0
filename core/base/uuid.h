// A 128-bit UUID. Pieces are named by random ones (version 4, RFC 9562).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace weir {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // Exactly the 36-character lower-case form; anything else is nullopt, so that one piece has one
  // name.
  static std::optional<Uuid> parse(std::string_view text) noexcept;
  // Makes 16 random bytes a version 4 UUID. core has no randomness of its own: the caller brings
  // it.
  static Uuid from_random(const std::array<std::uint8_t, 16>& random) noexcept;

  std::string to_string() const;
  bool is_nil() const noexcept;
  ByteView view() const noexcept { return bytes; }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

}  // namespace weir
