#include "core/token/token.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace weir {
namespace {

constexpr std::array<std::pair<Right, std::string_view>, 5> kRights{{
    {Right::kPlay, "play"},
    {Right::kDownload, "dl"},
    {Right::kLive, "live"},
    {Right::kMulticast, "mc"},
    {Right::kPublish, "publish"},
}};

using nlohmann::ordered_json;

// What is no UTF-8 is replaced rather than thrown about: whoever issues such a token sees it
// refused.
std::string encode_part(const ordered_json& value) {
  return to_base64url(as_bytes(value.dump(-1, ' ', false, ordered_json::error_handler_t::replace)));
}

ordered_json enp_claim(const Token& token) {
  ordered_json rights = ordered_json::array();
  for (const auto& [right, name] : kRights) {
    if (token.allows(right)) rights.push_back(name);
  }
  ordered_json enp = ordered_json::object();
  if (!token.session.empty()) enp["sid"] = token.session;
  enp["ast"] = token.titles;
  enp["rts"] = std::move(rights);
  enp["mxc"] = token.max_sockets;
  if (token.plays != 0) enp["cnt"] = token.plays;
  if (token.window_s != 0) enp["win"] = token.window_s;
  return enp;
}

}  // namespace

std::string_view right_name(Right right) noexcept {
  for (const auto& [known, name] : kRights) {
    if (known == right) return name;
  }
  return {};
}

std::optional<Right> parse_right(std::string_view name) noexcept {
  for (const auto& [right, known] : kRights) {
    if (known == name) return right;
  }
  return std::nullopt;
}

bool Token::allows_title(std::string_view title) const noexcept {
  return std::any_of(titles.begin(), titles.end(), [title](const std::string& allowed) {
    return allowed == "*" || allowed == title;
  });
}

std::string token_signing_input(const Token& token) {
  const ordered_json header{{"alg", token.alg}, {"kid", token.kid}, {"typ", token.typ}};
  ordered_json claims = ordered_json::object();
  claims["iss"] = token.issuer;
  if (!token.subject.empty()) claims["sub"] = token.subject;
  if (!token.audience.empty()) claims["aud"] = token.audience;
  claims["iat"] = token.issued_at;
  claims["nbf"] = token.not_before;
  claims["exp"] = token.expires_at;
  claims["jti"] = token.id;
  claims["cdniv"] = 1;
  claims["enp"] = enp_claim(token);
  return encode_part(header) + '.' + encode_part(claims);
}

}  // namespace weir
