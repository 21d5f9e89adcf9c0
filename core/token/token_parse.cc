// parse_token(): from untrusted text to a Token.
#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "core/title/title_id.h"
#include "core/token/strict_json.h"
#include "core/token/token.h"

namespace weir {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = 256;  // characters of any one claim
constexpr std::size_t kMaxTitles = 64;
constexpr std::size_t kMaxRights = 16;
constexpr std::int64_t kMaxTime = std::int64_t{1} << 53;  // what every JSON reader keeps exactly
constexpr std::uint64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();

tl::unexpected<Error> malformed(std::string detail) {
  return fail(ErrorCode::kTokenMalformed, "token: " + std::move(detail));
}

std::optional<json> decode_object(std::string_view part) {
  const std::optional<Bytes> bytes = from_base64url(part);
  if (!bytes) return std::nullopt;
  std::optional<json> out = parse_strict_json(as_chars(*bytes));
  if (!out || !out->is_object()) return std::nullopt;
  return out;
}

// Claims end up in logs and variables, so they hold no control characters.
bool is_clean(std::string_view text) {
  return text.size() <= kMaxText && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

// Takes members out of a JSON object one by one; the first of a wrong type is remembered, and all
// later reads do nothing.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}

  void text(const char* name, std::string& out, bool required) {
    const json* value = find(name, required);
    if (value == nullptr) return;
    if (!value->is_string() || !is_clean(value->get_ref<const std::string&>()) ||
        (required && value->get_ref<const std::string&>().empty())) {
      return complain(name, "is not text of at most 256 bytes");
    }
    out = value->get<std::string>();
  }

  void time(const char* name, std::int64_t& out, bool required) {
    integer(name, out, std::uint64_t{kMaxTime}, required);
  }
  void count(const char* name, std::uint32_t& out) { integer(name, out, kMaxCount, false); }

  void texts(const char* name, std::vector<std::string>& out, std::size_t limit) {
    const json* value = find(name, true);
    if (value == nullptr) return;
    if (!value->is_array() || value->empty() || value->size() > limit) {
      return complain(name, "is not an array of 1 to " + std::to_string(limit) + " texts");
    }
    for (const json& item : *value) {
      if (!item.is_string() || !is_clean(item.get_ref<const std::string&>())) {
        return complain(name, "holds something else than text");
      }
      out.push_back(item.get<std::string>());
    }
  }

  void complain(const char* name, const std::string& what) {
    if (error_.empty()) error_ = "\"" + std::string(name) + "\" " + what;
  }
  const std::string& error() const noexcept { return error_; }

 private:
  const json* find(const char* name, bool required) {
    if (!error_.empty()) return nullptr;
    const auto at = object_.find(name);
    if (at != object_.end()) return &*at;
    if (required) complain(name, "is missing");
    return nullptr;
  }

  template <typename Integer>
  void integer(const char* name, Integer& out, std::uint64_t limit, bool required) {
    const json* value = find(name, required);
    if (value == nullptr) return;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > limit) {
      return complain(name, "is not an integer in its range");
    }
    out = static_cast<Integer>(value->get<std::uint64_t>());
  }

  const json& object_;
  std::string error_;
};

Status read_header(const json& header, Token& token) {
  Members in(header);
  in.text("alg", token.alg, true);
  if (in.error().empty() && token.alg != "EdDSA") {
    return fail(ErrorCode::kTokenAlgorithm, "the token is not signed with EdDSA");
  }
  in.text("kid", token.kid, true);
  in.text("typ", token.typ, true);
  if (in.error().empty() && token.typ != "JWT") in.complain("typ", "is not JWT");
  if (!in.error().empty()) return malformed(in.error());
  if (header.contains("crit")) {
    return fail(ErrorCode::kTokenUnsupportedClaim, "the token's header has critical extensions");
  }
  return {};
}

// RFC 9246: what narrows a grant must be understood or the token refused.
Status check_restrictions(const json& claims) {
  static const std::set<std::string_view> known{"aud", "cdniv", "enp", "exp", "iat",
                                                "iss", "jti",   "nbf", "sub"};
  for (const char* name : {"cdniuc", "cdniip"}) {
    if (claims.contains(name)) {
      return fail(ErrorCode::kTokenUnsupportedClaim,
                  "the claim " + std::string(name) + " is not supported");
    }
  }
  if (const auto version = claims.find("cdniv"); version != claims.end()) {
    if (!version->is_number_unsigned()) return malformed("\"cdniv\" is not an integer");
    if (*version != 1U) return fail(ErrorCode::kTokenUnsupportedClaim, "cdniv is not 1");
  }
  std::string critical;
  Members in(claims);
  in.text("cdnicrit", critical, false);
  if (!in.error().empty()) return malformed(in.error());
  if (!claims.contains("cdnicrit")) return {};
  for (std::size_t at = 0; at <= critical.size();) {
    const std::size_t comma = std::min(critical.find(',', at), critical.size());
    if (!known.contains(std::string_view(critical).substr(at, comma - at))) {
      return fail(ErrorCode::kTokenUnsupportedClaim, "cdnicrit names a claim not known here");
    }
    at = comma + 1;
  }
  return {};
}

Status read_enp(const json& enp, Token& token) {
  static const std::set<std::string_view> known{"sid", "ast", "rts", "mxc", "cnt", "win"};
  for (const auto& item : enp.items()) {
    if (!known.contains(item.key())) {
      return fail(ErrorCode::kTokenUnsupportedClaim, "\"enp\" holds a restriction not known here");
    }
  }
  Members in(enp);
  std::vector<std::string> rights;
  in.text("sid", token.session, false);
  in.texts("ast", token.titles, kMaxTitles);
  in.texts("rts", rights, kMaxRights);
  in.count("mxc", token.max_sockets);
  in.count("cnt", token.plays);
  in.count("win", token.window_s);
  for (const std::string& title : token.titles) {
    if (title != "*" && !is_title_id(title)) in.complain("ast", "holds what is no title id");
  }
  // A right not known here grants nothing here.
  for (const std::string& name : rights) {
    if (const std::optional<Right> right = parse_right(name)) {
      token.rights = static_cast<std::uint8_t>(token.rights | static_cast<std::uint8_t>(*right));
    }
  }
  if (!in.error().empty()) return malformed("enp: " + in.error());
  return {};
}

Status read_claims(const json& claims, Token& token) {
  if (Status known = check_restrictions(claims); !known) return known;
  Members in(claims);
  in.text("iss", token.issuer, true);
  in.text("sub", token.subject, false);
  in.text("aud", token.audience, false);
  in.time("iat", token.issued_at, true);
  token.not_before = token.issued_at;
  in.time("nbf", token.not_before, false);
  in.time("exp", token.expires_at, true);
  in.text("jti", token.id, true);
  if (!in.error().empty()) return malformed(in.error());
  const auto enp = claims.find("enp");
  if (enp == claims.end() || !enp->is_object()) return malformed("\"enp\" is missing or no object");
  return read_enp(*enp, token);
}

}  // namespace

Result<TokenParts> parse_token(std::string_view text) {
  if (text.size() > kMaxTokenBytes) {
    return fail(ErrorCode::kTokenTooLong, "a token of " + std::to_string(text.size()) +
                                              " bytes; at most " + std::to_string(kMaxTokenBytes) +
                                              " are allowed");
  }
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return malformed("not header.claims.signature");

  TokenParts out;
  const std::optional<json> header = decode_object(text.substr(0, first));
  if (!header) return malformed("the header is not base64url of one strict JSON object");
  if (Status read = read_header(*header, out.token); !read) return tl::unexpected(read.error());
  const std::optional<json> claims = decode_object(text.substr(first + 1, second - first - 1));
  if (!claims) return malformed("the claims are not base64url of one strict JSON object");
  if (Status read = read_claims(*claims, out.token); !read) return tl::unexpected(read.error());
  const std::optional<Bytes> signature = from_base64url(text.substr(second + 1));
  if (!signature || signature->size() != out.signature.size()) {
    return malformed("the signature is not 64 bytes in base64url");
  }
  std::copy(signature->begin(), signature->end(), out.signature.begin());
  out.signing_input = as_bytes(text.substr(0, second));
  return out;
}

}  // namespace weir
