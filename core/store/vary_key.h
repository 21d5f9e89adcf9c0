// The secondary cache key (RFC 9111 section 4.1): what a response that varies is stored and found
// by.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/http_fields.h"

namespace weir {

inline constexpr std::size_t kMaxVaryNames = 16;

// The field names of all Vary lines among `response`: lower case, sorted, each once. nullopt: "*",
// a name that is none, or more than kMaxVaryNames: never matches any request.
std::optional<std::vector<std::string>> vary_names(FieldLines response);

// What `request` says under these names, normalised as RFC 9111 4.1 allows: lines of one name
// joined, blanks around members dropped; Accept-Encoding in lower case, sorted, without codings of
// weight 0 and without the weights. Two requests match when their keys are equal; a field that is
// missing differs from an empty one. Each value's length stands before it, so no value can pass for
// another.
std::string vary_key(const std::vector<std::string>& names, FieldLines request);

}  // namespace weir
