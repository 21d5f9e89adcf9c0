#include "core/store/cache_status.h"

#include <algorithm>

#include "core/store/http_fields.h"

namespace weir {
namespace {

constexpr std::size_t kMaxReceived = 2048;

std::string_view token_of(ForwardReason reason) noexcept {
  switch (reason) {
    case ForwardReason::kNone:
      break;
    case ForwardReason::kBypass:
      return "bypass";
    case ForwardReason::kMethod:
      return "method";
    case ForwardReason::kUriMiss:
      return "uri-miss";
    case ForwardReason::kVaryMiss:
      return "vary-miss";
    case ForwardReason::kMiss:
      return "miss";
    case ForwardReason::kRequest:
      return "request";
    case ForwardReason::kStale:
      return "stale";
    case ForwardReason::kPartial:
      return "partial";
  }
  return {};
}

bool is_printable(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// A Structured Field token starts with a letter; anything else goes as a string (RFC 9651 3.3).
bool is_structured_token(std::string_view text) noexcept {
  return is_token(text) && (to_lower(text.front()) >= 'a' && to_lower(text.front()) <= 'z');
}

void add_text(std::string& out, std::string_view name, std::string_view value, bool may_be_token) {
  if (value.empty() || !is_printable(value)) return;
  out += "; ";
  out += name;
  out += '=';
  if (may_be_token && is_structured_token(value)) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string format_cache_status(const CacheStatusEntry& entry) {
  std::string out(entry.cache);
  if (entry.hit) {
    out += "; hit";
  } else if (entry.forward != ForwardReason::kNone) {
    out += "; fwd=";
    out += token_of(entry.forward);
    if (entry.forward_status) out += "; fwd-status=" + std::to_string(*entry.forward_status);
  }
  if (entry.ttl) out += "; ttl=" + std::to_string(*entry.ttl);
  if (entry.stored) out += "; stored";
  if (entry.collapsed) out += "; collapsed";
  add_text(out, "key", entry.key, false);
  add_text(out, "detail", entry.detail, true);
  return out;
}

std::string append_cache_status(std::string_view received, const CacheStatusEntry& entry) {
  received = trim_blanks(received);
  if (received.empty() || received.size() > kMaxReceived || !is_printable(received)) {
    return format_cache_status(entry);
  }
  return std::string(received) + ", " + format_cache_status(entry);
}

}  // namespace weir
