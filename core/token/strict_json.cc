#include "core/token/strict_json.h"

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace weir {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 16;

// Watches the parser for what nlohmann lets pass.
class Watch {
 public:
  bool operator()(int depth, json::parse_event_t event, json& value) {
    if (depth > kMaxDepth) broken_ = true;
    switch (event) {
      case json::parse_event_t::object_start:
        names_.emplace_back();
        break;
      case json::parse_event_t::object_end:
        names_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!names_.back().insert(value.get_ref<const std::string&>()).second) broken_ = true;
        break;
      default:
        break;
    }
    return true;
  }
  bool broken() const noexcept { return broken_; }

 private:
  std::vector<std::set<std::string>> names_;  // of the objects open now, outermost first
  bool broken_ = false;
};

}  // namespace

std::optional<json> parse_strict_json(std::string_view text) {
  Watch watch;
  json out = json::parse(
      text,
      [&watch](int depth, json::parse_event_t event, json& value) {
        return watch(depth, event, value);
      },
      /*allow_exceptions=*/false);
  if (out.is_discarded() || watch.broken()) return std::nullopt;
  return out;
}

}  // namespace weir
