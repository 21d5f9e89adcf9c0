// The CDN-Loop field (RFC 8586): which caches a request has come through, so that two edges that
// are each other's origin do not ask each other for ever.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/store/http_fields.h"

namespace weir {

inline constexpr std::size_t kMaxCdnHops = 16;

// The cdn-ids among the fields' CDN-Loop lines, parameters left off, in lower case. Members that
// are none are kept as they are: they count as hops all the same.
std::vector<std::string> cdn_loop_ids(FieldLines request);

// True when the request came through `own_id` already, or through more than kMaxCdnHops caches: it
// is then answered 508 (RFC 5842) and not passed on. Edges of one cluster need ids of their own.
bool is_cdn_loop(FieldLines request, std::string_view own_id);

// The field to send to the origin: all that was received, untouched (RFC 8586 2: nobody may remove
// another's), and own_id. own_id is a host, a host with a port, or a token.
std::string append_cdn_loop(FieldLines request, std::string_view own_id);

// Whether a string can be a cdn-id: what weir_cdn_id may be set to.
bool is_cdn_id(std::string_view text) noexcept;

}  // namespace weir
