#include "core/token/token.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::string_view kHeader = R"({"alg":"EdDSA","kid":"k","typ":"JWT"})";
constexpr std::string_view kClaims =
    R"({"iss":"i","iat":100,"exp":400,"jti":"j","enp":{"ast":["film"],"rts":["play"]}})";

std::string compact(std::string_view header, std::string_view claims,
                    std::size_t signature_bytes = 64) {
  return to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims)) + "." +
         to_base64url(Bytes(signature_bytes, 0x5a));
}

std::string_view refusal(const std::string& text) {
  const Result<TokenParts> parts = parse_token(text);
  return parts ? "" : error_name(parts.error().code);
}

// kClaims with `from` replaced.
std::string claims_with(std::string_view from, std::string_view to) {
  std::string out(kClaims);
  const std::size_t at = out.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return compact(kHeader, out.replace(at, from.size(), to));
}

TEST(ParseToken, TakesTheLeastATokenHas) {
  const std::string text = compact(kHeader, kClaims);
  const Result<TokenParts> parts = parse_token(text);
  ASSERT_TRUE(parts) << parts.error().detail;
  const Token& token = parts->token;
  EXPECT_EQ(token.alg, "EdDSA");
  EXPECT_EQ(token.kid, "k");
  EXPECT_EQ(token.issuer, "i");
  EXPECT_EQ(token.id, "j");
  EXPECT_EQ(token.issued_at, 100);
  EXPECT_EQ(token.not_before, 100) << "iat, when there is no nbf";
  EXPECT_EQ(token.expires_at, 400);
  EXPECT_EQ(token.titles, std::vector<std::string>{"film"});
  EXPECT_TRUE(token.allows(Right::kPlay));
  EXPECT_FALSE(token.allows(Right::kDownload));
  EXPECT_EQ(token.max_sockets, 5U);
  EXPECT_EQ(token.plays, 0U);
  EXPECT_EQ(as_chars(parts->signing_input), text.substr(0, text.rfind('.')));
  EXPECT_EQ(parts->signature[0], 0x5a);
}

TEST(ParseToken, ReadsWhatSigningWrote) {
  Token token;
  token.alg = "EdDSA";
  token.kid = "k";
  token.typ = "JWT";
  token.issuer = "https://gateway.example";
  token.subject = "viewer";
  token.audience = "tokyo";
  token.id = "j";
  token.issued_at = 1000;
  token.not_before = 1001;
  token.expires_at = 1300;
  token.session = "s";
  token.titles = {"a", "b", "*"};
  token.rights = 31;
  token.max_sockets = 9;
  token.plays = 3;
  token.window_s = 60;
  const std::string text = token_signing_input(token) + "." + to_base64url(Bytes(64, 1));
  const Result<TokenParts> parts = parse_token(text);
  ASSERT_TRUE(parts) << parts.error().detail;
  const Token& back = parts->token;
  EXPECT_EQ(token_signing_input(back), token_signing_input(token));
  EXPECT_EQ(back.subject, "viewer");
  EXPECT_EQ(back.audience, "tokyo");
  EXPECT_EQ(back.not_before, 1001);
  EXPECT_EQ(back.session, "s");
  EXPECT_EQ(back.titles, token.titles);
  EXPECT_EQ(back.rights, 31);
  EXPECT_EQ(back.max_sockets, 9U);
  EXPECT_EQ(back.plays, 3U);
  EXPECT_EQ(back.window_s, 60U);
}

TEST(ParseToken, RefusesItsEveryPrefixAndEveryForeignCharacter) {
  const std::string text = compact(kHeader, kClaims);
  ASSERT_EQ(refusal(text), "");
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_EQ(refusal(text.substr(0, length)), "token_malformed");
  }
  for (const char foreign : {'=', '+', '/', ' ', '\n', '\0', '.', '~', '%', '\xff'}) {
    for (std::size_t at = 0; at <= text.size(); ++at) {
      std::string changed = text;
      changed.insert(at, 1, foreign);
      EXPECT_NE(refusal(changed), "") << at;
    }
  }
}

TEST(ParseToken, IsNeverLongerThanItMayBe) {
  std::string text = compact(kHeader, kClaims);
  EXPECT_EQ(refusal(std::string(1025, 'A')), "token_too_long");
  EXPECT_EQ(refusal(std::string(8192, 'A')), "token_too_long");
  EXPECT_EQ(refusal(std::string(1024, 'A')), "token_malformed");
}

TEST(ParseToken, TakesTheAlgorithmFromTheKeyAlone) {
  for (const char* alg : {"none", "None", "HS256", "RS256", "ES256", "eddsa", "Ed25519", ""}) {
    const std::string header = R"({"alg":")" + std::string(alg) + R"(","kid":"k","typ":"JWT"})";
    const std::string_view expected = *alg == 0 ? "token_malformed" : "token_algorithm";
    EXPECT_EQ(refusal(compact(header, kClaims)), expected) << alg;
    EXPECT_EQ(refusal(compact(header, kClaims, 0)), expected) << "an empty signature";
    EXPECT_EQ(refusal(compact(header, kClaims, 32)), expected) << "a MAC";
  }
}

TEST(ParseToken, TheHeaderHasAlgKidTypAndNothingCritical) {
  EXPECT_EQ(refusal(compact(R"({"kid":"k","typ":"JWT"})", kClaims)), "token_malformed");
  EXPECT_EQ(refusal(compact(R"({"alg":"EdDSA","typ":"JWT"})", kClaims)), "token_malformed");
  EXPECT_EQ(refusal(compact(R"({"alg":"EdDSA","kid":"k"})", kClaims)), "token_malformed");
  EXPECT_EQ(refusal(compact(R"({"alg":"EdDSA","kid":1,"typ":"JWT"})", kClaims)), "token_malformed");
  EXPECT_EQ(refusal(compact(R"({"alg":["EdDSA"],"kid":"k","typ":"JWT"})", kClaims)),
            "token_malformed");
  EXPECT_EQ(refusal(compact(R"({"alg":"EdDSA","kid":"k","typ":"JOSE"})", kClaims)),
            "token_malformed");
  EXPECT_EQ(refusal(compact(R"({"alg":"EdDSA","kid":"k","typ":"JWT","crit":[]})", kClaims)),
            "token_unsupported_claim");
  EXPECT_EQ(refusal(compact(R"({"alg":"EdDSA","alg":"none","kid":"k","typ":"JWT"})", kClaims)),
            "token_malformed");
  EXPECT_EQ(refusal(compact(R"({"alg":"EdDSA","kid":"k","typ":"JWT","jku":"x"})", kClaims)), "")
      << "where the token says its key lies is of no interest";
}

TEST(ParseToken, TheSignatureHas64Bytes) {
  for (const std::size_t bytes : {0U, 32U, 63U, 65U, 128U}) {
    EXPECT_EQ(refusal(compact(kHeader, kClaims, bytes)), "token_malformed") << bytes;
  }
}

TEST(ParseToken, TimesAreIntegers) {
  for (const char* time : {"100.0", "1e2", "-1", "\"100\"", "null", "true", "[100]",
                           "9007199254740993", "18446744073709551616"}) {
    EXPECT_EQ(refusal(claims_with("\"iat\":100", "\"iat\":" + std::string(time))),
              "token_malformed")
        << time;
    EXPECT_EQ(refusal(claims_with("\"exp\":400", "\"exp\":" + std::string(time))),
              "token_malformed")
        << time;
    EXPECT_EQ(refusal(claims_with("\"jti\"", "\"nbf\":" + std::string(time) + ",\"jti\"")),
              "token_malformed")
        << time;
  }
  EXPECT_EQ(refusal(claims_with("\"exp\":400", "\"exp\":9007199254740992")), "");
}

TEST(ParseToken, ClaimsHaveTheirTypesAndLengths) {
  EXPECT_EQ(refusal(claims_with("\"iss\":\"i\",", "")), "token_malformed");
  EXPECT_EQ(refusal(claims_with("\"iat\":100,", "")), "token_malformed");
  EXPECT_EQ(refusal(claims_with("\"exp\":400,", "")), "token_malformed");
  EXPECT_EQ(refusal(claims_with("\"jti\":\"j\",", "")), "token_malformed");
  EXPECT_EQ(refusal(claims_with("\"jti\":\"j\"", "\"jti\":\"\"")), "token_malformed");
  EXPECT_EQ(refusal(claims_with("\"jti\":\"j\"", "\"jti\":\"a\\nb\"")), "token_malformed")
      << "it stands in logs";
  EXPECT_EQ(refusal(claims_with("\"jti\"", "\"sub\":5,\"jti\"")), "token_malformed");
  EXPECT_EQ(refusal(claims_with("\"jti\"", "\"aud\":[\"a\"],\"jti\"")), "token_malformed");
  EXPECT_EQ(refusal(claims_with("\"jti\"", "\"sub\":\"" + std::string(256, 's') + "\",\"jti\"")),
            "");
  EXPECT_EQ(refusal(claims_with("\"jti\"", "\"sub\":\"" + std::string(257, 's') + "\",\"jti\"")),
            "token_malformed");
  EXPECT_EQ(refusal(claims_with("\"jti\"", "\"foo\":{\"bar\":[1.5]},\"jti\"")), "")
      << "others are ignored";
  EXPECT_EQ(refusal(compact(kHeader, "[]")), "token_malformed");
  EXPECT_EQ(refusal(compact(kHeader, "")), "token_malformed");
}

TEST(ParseToken, UnknownRestrictionsRefuseTheToken) {
  const auto with = [](const std::string& claim) {
    return refusal(claims_with("\"jti\"", claim + ",\"jti\""));
  };
  EXPECT_EQ(with(R"("cdnicrit":"enp")"), "");
  EXPECT_EQ(with(R"("cdnicrit":"enp,exp,iss,aud,sub,nbf,iat,jti,cdniv")"), "");
  EXPECT_EQ(with(R"("cdnicrit":"enp,cdniets")"), "token_unsupported_claim");
  EXPECT_EQ(with(R"("cdnicrit":"cdniuc")"), "token_unsupported_claim");
  EXPECT_EQ(with(R"("cdnicrit":"")"), "token_unsupported_claim");
  EXPECT_EQ(with(R"("cdnicrit":"enp,")"), "token_unsupported_claim");
  EXPECT_EQ(with(R"("cdnicrit":["enp"])"), "token_malformed");
  EXPECT_EQ(with(R"("cdniuc":"regex:.*")"), "token_unsupported_claim");
  EXPECT_EQ(with(R"("cdniuc":null)"), "token_unsupported_claim");
  EXPECT_EQ(with(R"("cdniip":"x")"), "token_unsupported_claim");
  EXPECT_EQ(with(R"("cdniv":1)"), "");
  EXPECT_EQ(with(R"("cdniv":2)"), "token_unsupported_claim");
  EXPECT_EQ(with(R"("cdniv":1.0)"), "token_malformed");
  EXPECT_EQ(with(R"("cdniv":"1")"), "token_malformed");
  EXPECT_EQ(with(R"("cdniets":300,"cdnistt":1,"cdnistd":0)"), "") << "renewal narrows nothing";
}

TEST(ParseToken, EnpHasTitlesAndRights) {
  const auto with = [](const std::string& enp) {
    return refusal(claims_with(R"({"ast":["film"],"rts":["play"]})", enp));
  };
  EXPECT_EQ(with(R"({"ast":["*"],"rts":["play"]})"), "");
  EXPECT_EQ(with(R"({"rts":["play"]})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":["film"]})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":"film","rts":["play"]})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":[],"rts":["play"]})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":["film",1],"rts":["play"]})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":["a/b"],"rts":["play"]})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":["film*"],"rts":["play"]})"), "token_malformed") << "no patterns";
  EXPECT_EQ(with(R"({"ast":["film"],"rts":"play"})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":["film"],"rts":["fly"]})"), "") << "grants nothing";
  EXPECT_EQ(with(R"({"ast":["film"],"rts":["play"],"mxc":-1})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":["film"],"rts":["play"],"cnt":4294967296})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":["film"],"rts":["play"],"win":"60"})"), "token_malformed");
  EXPECT_EQ(with(R"({"ast":["film"],"rts":["play"],"dev":"x"})"), "token_unsupported_claim");
  EXPECT_EQ(with("null"), "token_malformed");
  EXPECT_EQ(with("[]"), "token_malformed");
  std::string many = R"({"ast":["a")";
  for (int i = 1; i < 64; ++i) many += ",\"a\"";
  EXPECT_EQ(with(many + R"(],"rts":["play"]})"), "");
  EXPECT_EQ(with(many + R"(,"a"],"rts":["play"]})"), "token_malformed");
}

TEST(Token, AllowsItsTitlesOnly) {
  Token token;
  token.titles = {"film", "other"};
  EXPECT_TRUE(token.allows_title("film"));
  EXPECT_FALSE(token.allows_title("fil"));
  EXPECT_FALSE(token.allows_title("films"));
  EXPECT_FALSE(token.allows_title("*"));
  token.titles = {"*"};
  EXPECT_TRUE(token.allows_title("anything"));
  token.titles.clear();
  EXPECT_FALSE(token.allows_title("film"));
}

TEST(Right, NamesGoThereAndBack) {
  for (const Right right :
       {Right::kPlay, Right::kDownload, Right::kLive, Right::kMulticast, Right::kPublish}) {
    EXPECT_EQ(parse_right(right_name(right)), right);
  }
  EXPECT_EQ(parse_right("Play"), std::nullopt);
  EXPECT_EQ(parse_right(""), std::nullopt);
}

TEST(TokenSigningInput, NeverThrowsOnWhatIsNoUtf8) {
  Token token;
  token.subject = "\xff";
  EXPECT_FALSE(token_signing_input(token).empty());
}

}  // namespace
}  // namespace weir
