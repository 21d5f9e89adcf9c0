#include "core/store/vary_key.h"

#include <algorithm>

namespace weir {
namespace {

// "0", "0.", "0.000"
bool is_zero_weight(std::string_view coding) {
  const auto q = coding.find("q=");
  if (q == std::string_view::npos) return false;
  const std::string_view weight = trim_blanks(coding.substr(q + 2));
  return weight.starts_with("0") && weight.find_first_not_of("0.") == std::string_view::npos;
}

std::vector<std::string> members_of(std::string_view value) {
  std::vector<std::string> out;
  while (const auto member = next_member(value)) {
    if (!member->empty()) out.emplace_back(*member);
  }
  return out;
}

std::string joined(const std::vector<std::string>& members) {
  std::string out;
  for (const std::string& member : members) {
    if (!out.empty()) out += ',';
    out += member;
  }
  return out;
}

std::string normalised_codings(std::string_view value) {
  std::vector<std::string> codings;
  for (const std::string& member : members_of(value)) {
    const std::string coding = lower_case(member);
    if (!is_zero_weight(coding)) {
      codings.emplace_back(trim_blanks(std::string_view(coding).substr(0, coding.find(';'))));
    }
  }
  std::sort(codings.begin(), codings.end());
  codings.erase(std::unique(codings.begin(), codings.end()), codings.end());
  return joined(codings);
}

}  // namespace

std::optional<std::vector<std::string>> vary_names(FieldLines response) {
  std::vector<std::string> out;
  for (const FieldLine& line : response) {
    if (!same_name(line.name, "vary")) continue;
    std::string_view left = line.value;
    while (const auto member = next_member(left)) {
      if (member->empty()) continue;
      if (*member == "*" || !is_token(*member)) return std::nullopt;
      out.push_back(lower_case(*member));
      if (out.size() > 4 * kMaxVaryNames) return std::nullopt;
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > kMaxVaryNames) return std::nullopt;
  return out;
}

std::string vary_key(const std::vector<std::string>& names, FieldLines request) {
  std::string out;
  for (const std::string& name : names) {
    out += name;
    if (const auto value = joined_value(request, name)) {
      const std::string normal =
          name == "accept-encoding" ? normalised_codings(*value) : joined(members_of(*value));
      out += '=';
      out += std::to_string(normal.size());
      out += ':';
      out += normal;
    }
    out += '\n';
  }
  return out;
}

}  // namespace weir
