// Where a token stands in a URL, and how it is kept out of logs.
//
// A token is the first path segment, behind a tilde: /~TOKEN/t/film/file.mp4. Other segments may
// start with a tilde as well
// (/~john.doe/), so a segment counts as a token only when it could be one: it begins with "ey", as
// base64url of a JSON object does, or has two dots, as a compact JWS has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

inline constexpr std::string_view kTokenArgument =
    "URISigningPackage";  // query argument and cookie

struct TokenPath {
  std::string_view token;
  std::string_view rest;  // starts with a slash
};

// `path` is decoded and normalised. nullopt: no token in front. Both views borrow from `path`, but
// for a `rest` of "/" where nothing follows the token.
std::optional<TokenPath> split_token_path(std::string_view path) noexcept;

// A query string without its token: `token` is the first one's value, `rest` the arguments that
// remain.
struct TokenQuery {
  std::string_view token;
  std::string rest;
};
std::optional<TokenQuery> split_token_query(std::string_view query);

// `text` is a URL, a request line or a part of one, as it came in: still escaped. Every token in
// it, in any path segment or in the query, becomes "-". nullopt: there is none. The result is never
// longer than `text`.
std::optional<std::string> redact_tokens(std::string_view text);

}  // namespace weir
