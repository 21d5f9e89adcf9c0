#include "core/token/token_policy.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

Token token_for(std::uint8_t rights = static_cast<std::uint8_t>(Right::kPlay)) {
  Token token;
  token.issued_at = token.not_before = kNow;
  token.expires_at = kNow + 300;
  token.titles = {"film"};
  token.rights = rights;
  return token;
}

std::string_view verdict(const Token& token, TokenRequest request) {
  const Status status = check_token(token, request);
  return status ? "" : error_name(status.error().code);
}

std::string_view at(const Token& token, std::int64_t now) {
  return verdict(token, {.title = "film", .now_unix_s = now});
}

TEST(CheckToken, AllowsThirtySecondsOfSkewBothWays) {
  const Token token = token_for();
  EXPECT_EQ(at(token, kNow), "");
  EXPECT_EQ(at(token, kNow + 300), "");
  EXPECT_EQ(at(token, kNow + 330), "");
  EXPECT_EQ(at(token, kNow + 331), "token_expired");
  EXPECT_EQ(at(token, kNow - 30), "");
  EXPECT_EQ(at(token, kNow - 31), "token_not_yet_valid");
}

TEST(CheckToken, TheLaterOfIatAndNbfCounts) {
  Token token = token_for();
  token.not_before = kNow + 100;
  EXPECT_EQ(at(token, kNow + 69), "token_not_yet_valid");
  EXPECT_EQ(at(token, kNow + 70), "");
  token.not_before = 0;
  EXPECT_EQ(at(token, kNow - 31), "token_not_yet_valid");
}

TEST(CheckToken, SaysForHowLong) {
  EXPECT_EQ(check_token(token_for(), {.title = "film", .now_unix_s = kNow + 342}).error().detail,
            "the token expired 42 s ago");
}

TEST(CheckToken, LifeIsShortAndLongerForDownloads) {
  Token token = token_for();
  token.expires_at = kNow + 301;
  EXPECT_EQ(at(token, kNow), "token_lifetime");
  token.rights |= static_cast<std::uint8_t>(Right::kDownload);
  EXPECT_EQ(at(token, kNow), "");
  token.expires_at = kNow + 43200;
  EXPECT_EQ(at(token, kNow), "");
  token.expires_at = kNow + 43201;
  EXPECT_EQ(at(token, kNow), "token_lifetime");
  token.expires_at = kNow;
  EXPECT_EQ(at(token, kNow), "token_lifetime") << "it never lived";
  token.expires_at = std::int64_t{1} << 53;
  token.issued_at = 0;
  EXPECT_EQ(at(token, kNow), "token_lifetime");
}

TEST(CheckToken, TitleRightAndAudience) {
  Token token = token_for();
  EXPECT_EQ(verdict(token, {.now_unix_s = kNow}), "") << "a piece names no title";
  EXPECT_EQ(verdict(token, {.title = "other", .now_unix_s = kNow}), "token_wrong_title");
  EXPECT_EQ(verdict(token, {.title = "film", .right = Right::kLive, .now_unix_s = kNow}),
            "token_wrong_right");
  EXPECT_EQ(verdict(token, {.title = "film", .right = Right::kDownload, .now_unix_s = kNow}),
            "token_wrong_right");
  EXPECT_EQ(verdict(token, {.title = "film", .audience = "tokyo", .now_unix_s = kNow}), "")
      << "a token for no group is for all";
  token.audience = "tokyo";
  EXPECT_EQ(verdict(token, {.title = "film", .audience = "tokyo", .now_unix_s = kNow}), "");
  EXPECT_EQ(verdict(token, {.title = "film", .audience = "osaka", .now_unix_s = kNow}),
            "token_wrong_audience");
  EXPECT_EQ(verdict(token, {.title = "film", .now_unix_s = kNow}), "") << "an edge of no group";
}

TEST(CheckToken, WhoMayDownloadMayPlay) {
  const Token token = token_for(static_cast<std::uint8_t>(Right::kDownload));
  EXPECT_EQ(verdict(token, {.title = "film", .now_unix_s = kNow}), "");
  EXPECT_EQ(verdict(token, {.title = "film", .right = Right::kLive, .now_unix_s = kNow}),
            "token_wrong_right");
  EXPECT_EQ(at(token_for(0), kNow), "token_wrong_right");
}

TEST(CheckToken, ExtremeTimesDoNotWrap) {
  Token token = token_for();
  constexpr std::int64_t kEnd = std::int64_t{1} << 53;
  token.issued_at = token.not_before = 0;
  token.expires_at = kEnd;
  EXPECT_NE(at(token, 0), "");
  EXPECT_NE(at(token, kEnd), "");
  token.issued_at = token.not_before = kEnd;
  EXPECT_EQ(at(token, 0), "token_not_yet_valid");
}

}  // namespace
}  // namespace weir
