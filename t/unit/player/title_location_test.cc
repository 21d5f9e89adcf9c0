#include "player/native/title_location.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr char kToken[] = "eyJhbGciOiJFZERTQSJ9.eyJhIjoxfQ.c2ln";

TitleLocation located(const std::string& url, const std::vector<std::string>& more = {},
                      const std::string& token = "") {
  auto out = locate_title(url, more, token);
  EXPECT_TRUE(out) << url << ": " << (out ? "" : out.error().detail);
  return out ? *out : TitleLocation{"", {EdgeUrl{}}};
}

Error refused(const std::string& url, const std::string& token = "") {
  auto out = locate_title(url, {}, token);
  EXPECT_FALSE(out) << url;
  if (out) return {};
  EXPECT_EQ(out.error().detail.find("eyJ"), std::string::npos) << out.error().detail;
  return out.error();
}

TEST(TitleLocation, TakesEveryViewOfATitle) {
  for (const std::string view : {"", "/", "/header.enp", "/header.film", "/file.mp4",
                                 "/file.mp4?x=1", "/master.m3u8", "/ts.m3u8", "/key"}) {
    const auto where = located("http://edge.example/t/big-buck-bunny" + view);
    EXPECT_EQ(where.title, "big-buck-bunny") << view;
    EXPECT_EQ(where.edges, (std::vector<EdgeUrl>{{"http://edge.example", "", ""}})) << view;
  }
}

TEST(TitleLocation, TakesTheTokenOutOfThePath) {
  const auto where = located("https://edge:8443/~" + std::string(kToken) + "/t/x/header.enp");
  EXPECT_EQ(where.edges[0].origin, "https://edge:8443");
  EXPECT_EQ(where.edges[0].token, kToken);
  EXPECT_EQ(where.edges[0].root(), "https://edge:8443/~" + std::string(kToken));
  EXPECT_EQ(where.edges[0].name(), "https://edge:8443");
}

TEST(TitleLocation, TakesTheTokenOutOfTheQueryOrTheOption) {
  EXPECT_EQ(located("http://e/t/x?a=1&URISigningPackage=" + std::string(kToken)).edges[0].token,
            kToken);
  EXPECT_EQ(located("http://e/~ey1.b.c/t/x", {}, kToken).edges[0].token, kToken)
      << "the option wins";
}

TEST(TitleLocation, KeepsAPathPrefixBehindTheToken) {
  const auto where = located("http://e/~" + std::string(kToken) + "/films/new/t/x/file.mp4");
  EXPECT_EQ(where.edges[0].name(), "http://e/films/new");
  EXPECT_EQ(where.edges[0].root(), "http://e/~" + std::string(kToken) + "/films/new");
  EXPECT_EQ(located("http://e/~john.doe/t/x").edges[0].name(), "http://e/~john.doe") << "no token";
  EXPECT_EQ(located("http://e/t/t/t/x").edges[0].prefix, "/t");
}

TEST(TitleLocation, KnowsAddressesOfEveryKind) {
  EXPECT_EQ(located("http://[::1]:8080/t/x").edges[0].origin, "http://[::1]:8080");
  EXPECT_EQ(located("http://127.0.0.11:80/t/x").edges[0].origin, "http://127.0.0.11");
  EXPECT_EQ(located("127.0.0.11:8080/t/x").edges[0].origin, "http://127.0.0.11:8080");
  EXPECT_EQ(located("HTTP://Edge/t/x").edges[0].origin.substr(0, 7), "http://");
}

TEST(TitleLocation, TakesTheWatchPagesAddress) {
  const auto where = located("http://page/watch/x#token=" + std::string(kToken) +
                             "&edges=http://127.0.0.11:8080,http://127.0.0.12:8080");
  EXPECT_EQ(where.title, "x");
  ASSERT_EQ(where.edges.size(), 2U);
  EXPECT_EQ(where.edges[1].root(), "http://127.0.0.12:8080/~" + std::string(kToken));
  EXPECT_EQ(located("http://page/watch/x").edges[0].name(), "http://page");
}

TEST(TitleLocation, AddsEdgesOnce) {
  const auto where =
      located("http://a/~" + std::string(kToken) + "/t/x",
              {"http://b:81/", "http://b:81", "http://a", "http://c/~ey0.y.z/t/x/file.mp4"});
  ASSERT_EQ(where.edges.size(), 3U);
  EXPECT_EQ(where.edges[1].name(), "http://b:81");
  EXPECT_EQ(where.edges[1].token, kToken) << "the title's own";
  EXPECT_EQ(where.edges[2].token, "ey0.y.z");
}

TEST(TitleLocation, RefusesWhatNamesNoTitle) {
  for (const std::string url :
       {"", "http://e", "http://e/", "http://e/t", "http://e/t/", "http://e/t/.hidden",
        "http://e/t/a%2fb", "http://e/t/x/y/z", "http://e/p/x", "ftp://e/t/x", "file:///t/x",
        "http:///t/x", "http://e:99999/t/x", "http://e/t/a b", "http://e/t/\x01", "nonsense"}) {
    EXPECT_EQ(refused(url).code, ErrorCode::kBadArgument) << url;
  }
  EXPECT_EQ(refused("http://user:eyJsecret@e/t/x").code, ErrorCode::kBadArgument);
  EXPECT_EQ(refused("http://e/~" + std::string(kToken) + "/nothing").code, ErrorCode::kBadArgument);
  EXPECT_EQ(refused("http://e/t/" + std::string(9000, 'x')).code, ErrorCode::kBadArgument);
  EXPECT_FALSE(locate_title("http://e/t/x", {"http://f/t/y"}, ""));
}

TEST(TitleLocation, RefusesWhatIsNoToken) {
  EXPECT_EQ(refused("http://e/t/x", "eyJ with spaces").code, ErrorCode::kTokenMalformed);
  EXPECT_EQ(refused("http://e/t/x", "eyJ/../..").code, ErrorCode::kTokenMalformed);
  EXPECT_EQ(refused("http://e/t/x", std::string(1025, 'e')).code, ErrorCode::kTokenTooLong);
}

TEST(ShownUrl, HidesWhateverCouldBeAToken) {
  EXPECT_EQ(shown_url("http://e/~" + std::string(kToken) + "/t/x?a=eyJ#token=eyJ"),
            "http://e/~…/t/x");
  EXPECT_EQ(shown_url("http://e/t/" + std::string(kToken)), "http://e/t/~…");
  EXPECT_EQ(shown_url("http://u:p@e/t"), "http://e/t");
  EXPECT_EQ(shown_url("a\x1b[31mb"), "a?[31mb");
}

}  // namespace
}  // namespace weir
