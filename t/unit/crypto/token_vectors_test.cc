// t/vectors/token.json
#include <functional>

#include <gtest/gtest.h>

#include "crypto/token_verifier.h"
#include "t/unit/crypto/golden.h"

namespace weir {
namespace {

using golden::Json;

constexpr std::int64_t kNow = 1'800'000'000;

Json good_header(const SigningKey& key) {
  return {{"alg", "EdDSA"}, {"kid", key_thumbprint(key.public_key())}, {"typ", "JWT"}};
}

Json good_claims() {
  return {
      {"iss", "https://gateway.example"},
      {"sub", "viewer-1"},
      {"aud", "tokyo"},
      {"iat", kNow - 10},
      {"nbf", kNow - 10},
      {"exp", kNow + 290},
      {"jti", "01890a5d-ac96-774b-bcce-b302099a8057"},
      {"cdniv", 1},
      {"enp", {{"sid", "s1"}, {"ast", {"film", "film2"}}, {"rts", {"play", "live"}}, {"mxc", 5}}}};
}

std::string sign_text(const SigningKey& key, const std::string& header, const std::string& claims) {
  const std::string input = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims));
  return input + "." + to_base64url(key.sign(as_bytes(input)));
}

class TokenCases {
 public:
  TokenCases()
      : key_(SigningKey::from_pem(golden::kTestKey).value()),
        other_(SigningKey::from_pem(golden::kOtherKey).value()),
        verifier_(TokenVerifier::from_jwks(jwks_json({key_.public_key()})).value()) {}

  Json run() {
    add("good", sign(), "");
    requests();
    times();
    algorithms();
    broken_text();
    claims();
    return {{"jwks", Json::parse(jwks_json({key_.public_key()}))}, {"cases", std::move(out_)}};
  }

 private:
  std::string sign(const std::function<void(Json& header, Json& claims)>& change = {}) const {
    Json header = good_header(key_);
    Json claims = good_claims();
    if (change) change(header, claims);
    return sign_text(key_, header.dump(), claims.dump());
  }

  void add(std::string_view name, const std::string& token, std::string_view error,
           TokenRequest request = {.title = "film", .now_unix_s = kNow}) {
    const Result<Token> result = verifier_.verify(token, request);
    EXPECT_EQ(result ? "" : error_name(result.error().code), error) << name;
    out_.push_back({{"name", name},
                    {"token", token},
                    {"now", request.now_unix_s},
                    {"title", request.title},
                    {"right", right_name(request.right)},
                    {"audience", request.audience},
                    {"error", error.empty() ? Json(nullptr) : Json(error)}});
  }
  void add_changed(std::string_view name, std::string_view error,
                   const std::function<void(Json& header, Json& claims)>& change) {
    add(name, sign(change), error);
  }

  void requests() {
    const std::string good = sign();
    add("a piece: no title in the URL", good, "", {.now_unix_s = kNow});
    add("another title", good, "token_wrong_title", {.title = "film3", .now_unix_s = kNow});
    add("a right it has not", good, "token_wrong_right",
        {.title = "film", .right = Right::kPublish, .now_unix_s = kNow});
    add("its edge group", good, "", {.title = "film", .audience = "tokyo", .now_unix_s = kNow});
    add("another edge group", good, "token_wrong_audience",
        {.title = "film", .audience = "osaka", .now_unix_s = kNow});
    const std::string every = sign([](Json&, Json& c) { c["enp"]["ast"] = {"*"}; });
    add("every title", every, "", {.title = "anything", .now_unix_s = kNow});
    const std::string download = sign([](Json&, Json& c) {
      c["enp"]["rts"] = {"dl"};
      c["exp"] = kNow - 10 + 43200;
    });
    add("dl may play, and live for 12 hours", download, "");
  }

  void times() {
    const std::string good = sign();
    add("30 s after exp", good, "", {.title = "film", .now_unix_s = kNow + 320});
    add("31 s after exp", good, "token_expired", {.title = "film", .now_unix_s = kNow + 321});
    add("30 s before nbf", good, "", {.title = "film", .now_unix_s = kNow - 40});
    add("31 s before nbf", good, "token_not_yet_valid", {.title = "film", .now_unix_s = kNow - 41});
    add_changed("lives for 301 s", "token_lifetime",
                [](Json&, Json& c) { c["exp"] = kNow - 10 + 301; });
    add_changed("without nbf", "", [](Json&, Json& c) { c.erase("nbf"); });
    add_changed("without exp", "token_malformed", [](Json&, Json& c) { c.erase("exp"); });
    add_changed("exp with a fraction", "token_malformed",
                [](Json&, Json& c) { c["exp"] = static_cast<double>(kNow) + 0.5; });
    add_changed("exp as text", "token_malformed", [](Json&, Json& c) { c["exp"] = "1800000290"; });
    add_changed("exp below zero", "token_malformed", [](Json&, Json& c) { c["exp"] = -1; });
  }

  void algorithms() {
    const auto unsigned_token = [this](const char* alg, std::size_t signature_bytes) {
      Json header = good_header(key_);
      header["alg"] = alg;
      return to_base64url(as_bytes(header.dump())) + "." +
             to_base64url(as_bytes(good_claims().dump())) + "." +
             to_base64url(Bytes(signature_bytes, 1));
    };
    add("alg none", unsigned_token("none", 0), "token_algorithm");
    add("alg HS256", unsigned_token("HS256", 32), "token_algorithm");
    add("alg RS256", unsigned_token("RS256", 256), "token_algorithm");
    add_changed("a kid that is not in the key set", "token_unknown_key",
                [this](Json& h, Json&) { h["kid"] = key_thumbprint(other_.public_key()); });
    add("signed by another key under this kid",
        sign_text(other_, good_header(key_).dump(), good_claims().dump()), "token_signature");
    std::string changed = sign();
    const std::size_t at = changed.size() - 40;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    add("a changed signature", changed, "token_signature");
    add_changed("typ missing", "token_malformed", [](Json& h, Json&) { h.erase("typ"); });
    add_changed("a critical header extension", "token_unsupported_claim",
                [](Json& h, Json&) { h["crit"] = {"b64"}; });
  }

  void broken_text() {
    const std::string good = sign();
    add("empty", "", "token_malformed");
    add("two parts", good.substr(0, good.rfind('.')), "token_malformed");
    add("four parts", good + ".AAAA", "token_malformed");
    add("padding", good + "=", "token_malformed");
    add("a space in front", " " + good, "token_malformed");
    add("8 KiB of it", std::string(8192, 'A'), "token_too_long");
    add("1,025 bytes", good + std::string(1025 - good.size(), 'A'), "token_too_long");
    const std::string header = good_header(key_).dump();
    std::string twice = good_claims().dump();
    twice.insert(1, R"("exp":1,)");
    add("a claim twice", sign_text(key_, header, twice), "token_malformed");
    add("claims that are an array", sign_text(key_, header, "[]"), "token_malformed");
    add("claims that are no JSON", sign_text(key_, header, "{\"iss\":"), "token_malformed");
    add("claims that are not UTF-8", sign_text(key_, header, "{\"iss\":\"\xff\"}"),
        "token_malformed");
    add("40 brackets deep",
        sign_text(key_, header, "{\"x\":" + std::string(40, '[') + std::string(40, ']') + "}"),
        "token_malformed");
  }

  void claims() {
    add_changed("claims nobody knows", "", [](Json&, Json& c) { c["foo"] = {{"bar", 1}}; });
    add_changed("cdnicrit of known claims", "", [](Json&, Json& c) { c["cdnicrit"] = "exp,enp"; });
    add_changed("cdnicrit of an unknown claim", "token_unsupported_claim",
                [](Json&, Json& c) { c["cdnicrit"] = "exp,foo"; });
    add_changed("cdnicrit empty", "token_unsupported_claim",
                [](Json&, Json& c) { c["cdnicrit"] = ""; });
    add_changed("cdniuc", "token_unsupported_claim",
                [](Json&, Json& c) { c["cdniuc"] = "regex:^.*$"; });
    add_changed("cdniip", "token_unsupported_claim",
                [](Json&, Json& c) { c["cdniip"] = "192.0.2.1/32"; });
    add_changed("cdniv 2", "token_unsupported_claim", [](Json&, Json& c) { c["cdniv"] = 2; });
    add_changed("an unknown restriction in enp", "token_unsupported_claim",
                [](Json&, Json& c) { c["enp"]["dev"] = "x"; });
    add_changed("a right nobody knows grants nothing", "token_wrong_right",
                [](Json&, Json& c) { c["enp"]["rts"] = {"fly"}; });
    add_changed("no titles", "token_malformed",
                [](Json&, Json& c) { c["enp"]["ast"] = Json::array(); });
    add_changed("a title that is a path", "token_malformed",
                [](Json&, Json& c) { c["enp"]["ast"] = {"../film"}; });
    add_changed("no enp", "token_malformed", [](Json&, Json& c) { c.erase("enp"); });
    add_changed("no jti", "token_malformed", [](Json&, Json& c) { c.erase("jti"); });
    add_changed("a line break in sub", "token_malformed",
                [](Json&, Json& c) { c["sub"] = "a\nb"; });
    add_changed("aud as an array", "token_malformed", [](Json&, Json& c) { c["aud"] = {"tokyo"}; });
  }

  SigningKey key_;
  SigningKey other_;
  TokenVerifier verifier_;
  Json out_ = Json::array();
};

TEST(Vectors, Token) {
  golden::expect_same("token", TokenCases().run());
}

}  // namespace
}  // namespace weir
