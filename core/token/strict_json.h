// JSON (RFC 8259) as security needs it: where two readers could understand one text differently,
// it is refused.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace weir {

// nullopt for what is no JSON, is not UTF-8, nests deeper than 16, or names a member of an object
// twice. Never throws. Time and memory grow with the text's length times its logarithm.
std::optional<nlohmann::json> parse_strict_json(std::string_view text);

}  // namespace weir
