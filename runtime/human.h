// Numbers as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

std::string human_bytes(std::uint64_t bytes);  // "812 B", "4.0 MiB", "1.3 GiB"
std::string human_duration(double seconds);    // "0:07", "12:30", "1:02:03"
std::string grouped(std::uint64_t number);     // "12,345,678"

// "4M", "512k", "65536", "1.5G", "4MiB": binary multiples. nullopt for anything else, for zero
// and for more than 2^63.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace weir
