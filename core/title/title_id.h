// The name of a title as it stands in URLs, paths and tokens.
#pragma once

#include <string_view>

namespace weir {

// 1 to 128 characters of A-Z a-z 0-9 . _ - ; not starting with a dot or a dash. Such a name is safe
// as a path component and as a URL path segment without escaping.
bool is_title_id(std::string_view text) noexcept;

}  // namespace weir
