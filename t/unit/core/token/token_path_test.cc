#include "core/token/token_path.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::string_view kToken = "eyJhbGciOiJFZERTQSJ9.eyJleHAiOjF9.c2ln-_";

std::string with(std::string_view before, std::string_view after, std::string_view token = kToken) {
  return std::string(before).append(token).append(after);
}

TEST(TokenPath, TakesTheFirstSegment) {
  const std::string path = with("/~", "/t/film/header.enp");
  const auto split = split_token_path(path);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->token, kToken);
  EXPECT_EQ(split->rest, "/t/film/header.enp");
  EXPECT_EQ(split_token_path(with("/~", ""))->rest, "/");
  EXPECT_EQ(split_token_path(with("/~", "/"))->rest, "/");
}

TEST(TokenPath, BadTokensAreTokensStill) {
  for (const char* token : {"ey", "eyJ", "eyJhbGciOiJub25lIn0.e30.", "..", "a.b.c", "ey\xff\n"}) {
    const std::string path = with("/~", "/p/x", token);
    ASSERT_TRUE(split_token_path(path)) << token;
    EXPECT_EQ(split_token_path(path)->token, token);
  }
}

TEST(TokenPath, HomePagesAreNone) {
  for (const char* path :
       {"/", "", "/~", "/~/", "/~john/", "/~john.doe/x", "/t/~eyJ.a.b/", "~eyJ"}) {
    EXPECT_FALSE(split_token_path(path)) << path;
  }
}

TEST(TokenQuery, IsTakenOut) {
  const auto check = [](std::string_view query, std::string_view token, std::string_view rest) {
    const auto split = split_token_query(query);
    ASSERT_TRUE(split) << query;
    EXPECT_EQ(split->token, token) << query;
    EXPECT_EQ(split->rest, rest) << query;
  };
  check("URISigningPackage=abc", "abc", "");
  check("a=1&URISigningPackage=abc&b=2", "abc", "a=1&b=2");
  check("urisigningpackage=abc", "abc", "");
  check("URISigningPackage=&x", "", "x");
  check("URISigningPackage=a&URISigningPackage=b", "a", "");
  EXPECT_FALSE(split_token_query(""));
  EXPECT_FALSE(split_token_query("format=json"));
  EXPECT_FALSE(split_token_query("xURISigningPackage=abc"));
  EXPECT_FALSE(split_token_query("URISigningPackage"));
}

TEST(RedactTokens, LeavesOtherTextAlone) {
  for (const char* text : {"", "/", "GET / HTTP/1.1", "/~john.doe/?a=b", "/a%2", "/%", "/%7", "/~",
                           "/t/film/file.mp4?rendition=ts", "?xURISigningPackage=1", "/~a/?b?c&d=/",
                           "?URISigningPackage=", "?URISigningPackage=&a"}) {
    EXPECT_EQ(redact_tokens(text), std::nullopt) << text;
  }
}

TEST(RedactTokens, FindsThemWhereverTheyStand) {
  EXPECT_EQ(redact_tokens(with("GET /~", "/t/film/x.ts?a=1 HTTP/1.1")),
            "GET /~-/t/film/x.ts?a=1 HTTP/1.1");
  EXPECT_EQ(redact_tokens(with("/~", "")), "/~-");
  EXPECT_EQ(redact_tokens(with("//x/../~", "/p/1")), "//x/../~-/p/1");
  EXPECT_EQ(redact_tokens(with("https://edge.example/~", "/watch")),
            "https://edge.example/~-/watch");
  EXPECT_EQ(redact_tokens(with(with("/~", "/~"), "/")), "/~-/~-/");
  EXPECT_EQ(redact_tokens(with("referrer: \"http://a/~", "\", host: \"b\"")),
            "referrer: \"http://a/~-\", host: \"b\"");
}

TEST(RedactTokens, SeesThroughEscapes) {
  EXPECT_EQ(redact_tokens(with("/%7E", "/x")), "/%7E-/x");
  EXPECT_EQ(redact_tokens(with("/%7e%65y", "/x")), "/%7e-/x");
  EXPECT_EQ(redact_tokens(with("/a%2F~", "%2fx")), "/a%2F~-%2fx");
  EXPECT_EQ(redact_tokens("/~a%2eb%2Ec/x"), "/~-/x");
}

TEST(RedactTokens, AndInTheQuery) {
  EXPECT_EQ(redact_tokens(with("/p/1?URISigningPackage=", "&x=1")), "/p/1?URISigningPackage=-&x=1");
  EXPECT_EQ(redact_tokens(with("GET /p/1?a=b&uriSigningPackage=", " HTTP/1.0")),
            "GET /p/1?a=b&uriSigningPackage=- HTTP/1.0");
  EXPECT_EQ(redact_tokens(with(with("/~", "/?URISigningPackage="), "#f")),
            "/~-/?URISigningPackage=-#f");
  EXPECT_EQ(redact_tokens(with("/p?x&URISigningPackage=a&URISigningPackage=", "")),
            "/p?x&URISigningPackage=-&URISigningPackage=-");
}

}  // namespace
}  // namespace weir
