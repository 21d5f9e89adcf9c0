// HTTP dates (RFC 9110 section 5.6.7): all three forms are read, the first is written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/store/http_fields.h"

namespace weir {

// IMF-fixdate, RFC 850 or asctime form. Refused: another zone, a day its month has not, anything
// behind the date. The two-digit years of RFC 850 are read as RFC 9110 asks: the year with these
// digits that is at most 50 years after `now`. A leap second counts as the second before it.
std::optional<EpochSeconds> parse_http_date(std::string_view text, EpochSeconds now) noexcept;

// "Sun, 06 Nov 1994 08:49:37 GMT". Years 0 to 9999; what is outside is brought to the nearer end.
std::string format_http_date(EpochSeconds time);

}  // namespace weir
