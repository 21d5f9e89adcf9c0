#include "runtime/human.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace weir {
namespace {

std::string printed(const char* format, double value, const char* unit) {
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), format, value, unit);
  return out.data();
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  static constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return printed("%.1f %s", value, kUnits.at(unit));
}

std::string human_duration(double seconds) {
  const auto whole = static_cast<long long>(std::llround(seconds < 0 ? 0 : seconds));
  std::array<char, 64> out{};
  if (whole >= 3600) {
    std::snprintf(out.data(), out.size(), "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(out.data(), out.size(), "%lld:%02lld", whole / 60, whole % 60);
  }
  return out.data();
}

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
  return out;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc{} || text.empty() || text.front() == '-') return std::nullopt;
  std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  if (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  double factor = 1;
  if (!unit.empty() && unit != "B") {
    static constexpr std::string_view kPrefixes = "KMGT";
    const char letter =
        unit.front() >= 'a' ? static_cast<char>(unit.front() - 'a' + 'A') : unit.front();
    const std::size_t power = kPrefixes.find(letter);
    const std::string_view tail = unit.substr(1);
    if (power == std::string_view::npos || !(tail.empty() || tail == "B" || tail == "iB")) {
      return std::nullopt;
    }
    factor = std::pow(1024.0, static_cast<double>(power + 1));
  }
  value *= factor;
  if (!(value >= 1) || value > 9.2e18 || value != std::floor(value)) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

}  // namespace weir
