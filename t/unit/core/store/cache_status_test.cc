#include "core/store/cache_status.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(CacheStatus, SaysWhatTheRfcsExamplesSay) {  // RFC 9211 section 3
  CacheStatusEntry hit;
  hit.hit = true;
  hit.ttl = 376;
  EXPECT_EQ(format_cache_status(hit), "weir; hit; ttl=376");
  hit.ttl = -412;
  EXPECT_EQ(format_cache_status(hit), "weir; hit; ttl=-412");

  CacheStatusEntry miss;
  miss.forward = ForwardReason::kUriMiss;
  miss.stored = true;
  miss.collapsed = true;
  EXPECT_EQ(format_cache_status(miss), "weir; fwd=uri-miss; stored; collapsed");

  CacheStatusEntry stale;
  stale.forward = ForwardReason::kStale;
  stale.forward_status = 304;
  EXPECT_EQ(format_cache_status(stale), "weir; fwd=stale; fwd-status=304");
}

TEST(CacheStatus, AHitHasNoForwardReason) {  // RFC 9211 2.1: mutually exclusive
  CacheStatusEntry entry;
  entry.hit = true;
  entry.forward = ForwardReason::kMiss;
  entry.forward_status = 200;
  EXPECT_EQ(format_cache_status(entry), "weir; hit");
}

TEST(CacheStatus, KeysAreStringsAndDetailsTokensWhereTheyCanBe) {  // RFC 9211 2.7, 2.8
  CacheStatusEntry entry;
  entry.key = "/a\"b\\";
  entry.detail = "MEMORY";
  EXPECT_EQ(format_cache_status(entry), "weir; key=\"/a\\\"b\\\\\"; detail=MEMORY");
  entry.key = "caf\xc3\xa9";
  entry.detail = "9 lives";
  EXPECT_EQ(format_cache_status(entry), "weir; detail=\"9 lives\"");
}

TEST(CacheStatus, StandsBehindTheCachesTowardsTheOrigin) {  // RFC 9211 2
  CacheStatusEntry entry;
  entry.hit = true;
  EXPECT_EQ(append_cache_status(" Shield; hit ", entry), "Shield; hit, weir; hit");
  EXPECT_EQ(append_cache_status("", entry), "weir; hit");
  EXPECT_EQ(append_cache_status("a\r\nSet-Cookie: x", entry), "weir; hit");
  EXPECT_EQ(append_cache_status(std::string(3000, 'a'), entry), "weir; hit");
}

}  // namespace
}  // namespace weir
