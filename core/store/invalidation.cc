#include "core/store/invalidation.h"

#include <algorithm>
#include <array>

namespace weir {
namespace {

constexpr std::size_t kMaxReference = 8192;

// RFC 3986 5.2.4
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_in_slash = false;
  for (path.remove_prefix(path.starts_with("/") ? 1 : 0); true;) {
    const auto slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    ends_in_slash = segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment != ".") {
      kept.push_back(segment);
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  std::string out;
  for (const std::string_view segment : kept) {
    out += '/';
    out += segment;
  }
  if (ends_in_slash || out.empty()) out += '/';
  return out;
}

// Default ports spelled out name the same origin (RFC 9110 4.2.3).
std::string normal_authority(std::string_view scheme, std::string_view authority) {
  std::string out = lower_case(authority);
  const std::string_view port = same_name(scheme, "https") ? ":443" : ":80";
  if (out.ends_with(port)) out.resize(out.size() - port.size());
  if (out.ends_with(':')) out.pop_back();
  return out;
}

bool has_scheme(std::string_view reference) noexcept {
  const auto colon = reference.find(':');
  const auto stop = reference.find_first_of("/?#");
  return colon != std::string_view::npos && colon > 0 && colon < stop;
}

// Takes "//authority" off the front; false when it is not the base's.
bool take_authority(const TargetUri& base, std::string_view& reference) {
  reference.remove_prefix(2);
  const auto end = std::min(reference.find_first_of("/?#"), reference.size());
  const std::string_view authority = reference.substr(0, end);
  reference.remove_prefix(end);
  return normal_authority(base.scheme, authority) == normal_authority(base.scheme, base.authority);
}

void add_once(std::vector<std::string>& out, std::string path) {
  if (std::find(out.begin(), out.end(), path) == out.end()) out.push_back(std::move(path));
}

}  // namespace

bool is_safe_method(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

std::optional<std::string> resolve_on_same_origin(const TargetUri& base,
                                                  std::string_view reference) {
  reference = trim_blanks(reference);
  if (reference.size() > kMaxReference) return std::nullopt;
  bool absolute = false;
  if (has_scheme(reference)) {
    const auto colon = reference.find(':');
    if (!same_name(reference.substr(0, colon), base.scheme)) return std::nullopt;
    reference.remove_prefix(colon + 1);
    if (!reference.starts_with("//")) return std::nullopt;
  }
  if (reference.starts_with("//")) {
    if (!take_authority(base, reference)) return std::nullopt;
    absolute = true;
  }
  reference = reference.substr(0, reference.find('#'));
  const std::string_view base_path = base.path_and_query.substr(0, base.path_and_query.find('?'));
  if (reference.empty() && !absolute) return std::string(base.path_and_query);

  const auto question = reference.find('?');
  const std::string_view query =
      question == std::string_view::npos ? std::string_view{} : reference.substr(question);
  const std::string_view path = reference.substr(0, question);
  std::string merged;
  if (path.empty()) {
    merged = absolute ? "/" : std::string(base_path);
  } else if (path.front() == '/') {
    merged = std::string(path);
  } else {
    const auto last_slash = base_path.rfind('/');
    merged =
        std::string(base_path.substr(0, last_slash == std::string_view::npos ? 0 : last_slash + 1));
    merged += path;
  }
  return remove_dot_segments(merged) + std::string(query);
}

std::vector<std::string> invalidation_targets(std::string_view method, int status,
                                              const TargetUri& target, FieldLines response) {
  std::vector<std::string> out;
  if (is_safe_method(method) || status < 200 || status >= 400) return out;
  out.emplace_back(target.path_and_query);
  for (const std::string_view name : {"location", "content-location"}) {
    const auto value = first_value(response, name);
    if (!value || value->empty()) continue;
    if (auto path = resolve_on_same_origin(target, *value)) add_once(out, *std::move(path));
  }
  return out;
}

}  // namespace weir
