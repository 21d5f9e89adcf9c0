#include "core/store/cdn_loop.h"

#include <algorithm>

namespace weir {

std::vector<std::string> cdn_loop_ids(FieldLines request) {
  std::vector<std::string> out;
  for (const FieldLine& line : request) {
    if (!same_name(line.name, "cdn-loop")) continue;
    std::string_view left = line.value;
    while (const auto member = next_member(left)) {
      const std::string_view id = trim_blanks(member->substr(0, member->find(';')));
      if (!id.empty()) out.push_back(lower_case(id));
      if (out.size() > kMaxCdnHops) return out;
    }
  }
  return out;
}

bool is_cdn_loop(FieldLines request, std::string_view own_id) {
  const std::vector<std::string> ids = cdn_loop_ids(request);
  return ids.size() > kMaxCdnHops ||
         std::any_of(ids.begin(), ids.end(),
                     [&](const std::string& id) { return same_name(id, own_id); });
}

std::string append_cdn_loop(FieldLines request, std::string_view own_id) {
  std::string out = joined_value(request, "cdn-loop").value_or("");
  if (!out.empty()) out += ", ";
  return out += own_id;
}

bool is_cdn_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 255) return false;
  if (is_token(text)) return true;
  // uri-host [ ":" port ], an IPv6 address in its brackets (RFC 3986 3.2.2)
  std::string_view host = text;
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !parse_delta_seconds(port)) return false;
    host = text.substr(0, colon);
  }
  if (!host.empty() && host.front() == '[') {
    return host.size() > 3 && host.back() == ']' &&
           host.find_first_not_of("0123456789abcdefABCDEF:.", 1) == host.size() - 1;
  }
  return is_token(host);
}

}  // namespace weir
