#include "core/store/freshness.h"

#include <initializer_list>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr EpochSeconds kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr const char* kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kHourLater = "Sun, 06 Nov 1994 09:49:37 GMT";
constexpr const char* kTenDaysBefore = "Thu, 27 Oct 1994 08:49:37 GMT";

using Lines = std::vector<FieldLine>;

FreshnessPolicy policy() {
  FreshnessPolicy out;
  out.targets = kDefaultTargets;
  return out;
}

ResponseFacts response(int status, Lines lines, const FreshnessPolicy& p = policy(),
                       EpochSeconds request_time = kNow, EpochSeconds response_time = kNow) {
  return read_response_facts(status, lines, request_time, response_time, p);
}

RequestFacts get(Lines lines = {}) {
  return read_request_facts(RequestMethod::kGet, lines);
}

struct LifetimeCase {
  int status;
  Lines lines;
  std::int64_t lifetime;
  bool is_explicit;
};

TEST(Freshness, LifetimeInOrder) {  // RFC 9111 4.2.1
  for (const LifetimeCase& row : {
           LifetimeCase{200, {{"Cache-Control", "max-age=5, s-maxage=9"}}, 9, true},
           LifetimeCase{200,
                        {{"Cache-Control", "max-age=5"}, {"Date", kDate}, {"Expires", kHourLater}},
                        5,
                        true},
           LifetimeCase{200, {{"Date", kDate}, {"Expires", kHourLater}}, 3600, true},
           LifetimeCase{200, {{"Expires", kHourLater}}, 3600, true},  // no Date: the time it came
           LifetimeCase{200, {{"Expires", "0"}}, 0, true},            // 5.3
           LifetimeCase{200, {{"Expires", kTenDaysBefore}, {"Date", kDate}}, 0, true},
           LifetimeCase{200, {{"Date", kDate}, {"Last-Modified", kTenDaysBefore}}, 86400, false},
           LifetimeCase{302, {{"Date", kDate}, {"Last-Modified", kTenDaysBefore}}, 0, false},
           LifetimeCase{
               302,
               {{"Cache-Control", "public"}, {"Date", kDate}, {"Last-Modified", kTenDaysBefore}},
               86400,
               false},
           LifetimeCase{
               200, {{"CDN-Cache-Control", "max-age=60"}, {"Expires", kHourLater}}, 60, true},
           LifetimeCase{200, {{"CDN-Cache-Control", "public"}, {"Expires", kHourLater}}, 0, false},
           LifetimeCase{200, {}, 0, false},
       }) {
    const ResponseFacts facts = response(row.status, row.lines);
    EXPECT_EQ(facts.lifetime, row.lifetime);
    EXPECT_EQ(facts.explicit_lifetime, row.is_explicit);
  }
}

TEST(Freshness, HeuristicIsATenthAndBounded) {  // RFC 9111 4.2.2
  FreshnessPolicy p = policy();
  p.heuristic_limit = 1 << 30;
  EXPECT_EQ(response(200, {{"Last-Modified", kTenDaysBefore}}, p).lifetime, 86400);
  EXPECT_EQ(response(200, {{"Last-Modified", kHourLater}}, p).lifetime, 0);  // from the future
  p.configured_lifetime = 7;
  EXPECT_EQ(response(200, {{"Last-Modified", kTenDaysBefore}}, p).lifetime, 7);
}

struct AgeCase {
  Lines lines;
  EpochSeconds request_time;
  EpochSeconds response_time;
  std::int64_t initial_age;
};

TEST(Freshness, CorrectedInitialAge) {  // RFC 9111 4.2.3
  for (const AgeCase& row : {
           AgeCase{{{"Date", kDate}}, kNow, kNow, 0},
           AgeCase{{{"Date", kDate}}, kNow + 3, kNow + 5, 5},              // apparent_age
           AgeCase{{{"Date", kDate}, {"Age", "10"}}, kNow, kNow + 2, 12},  // corrected_age_value
           AgeCase{{{"Date", kHourLater}}, kNow, kNow, 0},  // the origin's clock is ahead
           AgeCase{{{"Age", "10, 20"}}, kNow, kNow, 10},    // 5.1: the first
           AgeCase{{{"Age", "-3"}}, kNow, kNow, 0},         // 5.1: ignored
           AgeCase{{{"Age", "99999999999999"}}, kNow, kNow, kMaxDeltaSeconds},
           AgeCase{{}, kNow + 9, kNow, 0},  // our clock went backwards
           AgeCase{{{"Date", "rubbish"}}, kNow, kNow + 4, 4},
       }) {
    EXPECT_EQ(response(200, row.lines, policy(), row.request_time, row.response_time).initial_age,
              row.initial_age);
  }
}

struct StoreCase {
  int status;
  Lines request;
  Lines lines;
  Storability want;
};

TEST(Freshness, Storability) {  // RFC 9111 3, 3.5
  for (const StoreCase& row : {
           StoreCase{200, {}, {{"Cache-Control", "max-age=1"}}, Storability::kStore},
           StoreCase{200, {}, {{"ETag", "\"a\""}}, Storability::kStore},
           StoreCase{200, {}, {}, Storability::kUseless},
           StoreCase{200, {}, {{"Cache-Control", "max-age=0"}}, Storability::kUseless},
           StoreCase{
               200, {}, {{"Cache-Control", "max-age=0, stale-if-error=9"}}, Storability::kStore},
           StoreCase{
               200, {}, {{"Cache-Control", "no-cache"}, {"ETag", "\"a\""}}, Storability::kStore},
           StoreCase{200, {}, {{"Cache-Control", "no-cache, max-age=9"}}, Storability::kUseless},
           StoreCase{200, {}, {{"Cache-Control", "no-store, max-age=9"}}, Storability::kNoStore},
           StoreCase{200,
                     {},
                     {{"Cache-Control", "no-store, must-understand, max-age=9"}},
                     Storability::kStore},
           StoreCase{
               299, {}, {{"Cache-Control", "must-understand, max-age=9"}}, Storability::kStatus},
           StoreCase{299, {}, {{"Cache-Control", "max-age=9"}}, Storability::kStore},
           StoreCase{304, {}, {{"Cache-Control", "max-age=9"}}, Storability::kStatus},
           StoreCase{103, {}, {{"Cache-Control", "max-age=9"}}, Storability::kStatus},
           StoreCase{302, {}, {{"ETag", "\"a\""}}, Storability::kNothingSaid},
           StoreCase{503, {}, {{"Cache-Control", "max-age=2"}}, Storability::kStore},
           StoreCase{503, {}, {{"Retry-After", "2"}}, Storability::kNothingSaid},
           StoreCase{200, {}, {{"Cache-Control", "private, max-age=9"}}, Storability::kPrivate},
           StoreCase{200, {}, {{"Cache-Control", "private=\"x\", max-age=9"}}, Storability::kStore},
           StoreCase{200,
                     {{"Cache-Control", "no-store"}},
                     {{"Cache-Control", "max-age=9"}},
                     Storability::kRequestNoStore},
           StoreCase{200,
                     {{"Authorization", "Basic x"}},
                     {{"Cache-Control", "max-age=9"}},
                     Storability::kAuthorization},
           StoreCase{200,
                     {{"Authorization", "Basic x"}},
                     {{"Cache-Control", "s-maxage=9"}},
                     Storability::kStore},
           StoreCase{200,
                     {{"Authorization", "Basic x"}},
                     {{"Cache-Control", "max-age=9, must-revalidate"}},
                     Storability::kStore},
           StoreCase{200,
                     {},
                     {{"Cache-Control", "max-age=9"}, {"Vary", "Accept, *"}},
                     Storability::kVaryAny},
           StoreCase{200,
                     {},
                     {{"Cache-Control", "max-age=9"}, {"Set-Cookie", "a=b"}},
                     Storability::kSetCookie},
           StoreCase{
               200,
               {},
               {{"Cache-Control", "max-age=9, private=\"Set-Cookie\""}, {"Set-Cookie", "a=b"}},
               Storability::kStore},
       }) {
    const Storability got =
        storability(get(row.request), response(row.status, row.lines), policy());
    EXPECT_EQ(name_of(got), name_of(row.want)) << row.status;
  }
  RequestFacts head;
  head.method = RequestMethod::kHead;
  EXPECT_EQ(storability(head, response(200, {{"Cache-Control", "max-age=9"}}), policy()),
            Storability::kMethod);
}

TEST(Freshness, NegativeCachingOnRequest) {
  FreshnessPolicy p = policy();
  EXPECT_EQ(storability(get(), response(404, {}, p), p), Storability::kUseless);
  p.configured_lifetime = 10;
  EXPECT_EQ(storability(get(), response(404, {}, p), p), Storability::kStore);
  EXPECT_EQ(storability(get(), response(503, {}, p), p), Storability::kStore);
}

struct ReuseCase {
  const char* request;
  const char* answer;
  std::int64_t resident;
  Reuse want;
  bool usable_on_error;
};

TEST(Freshness, Reuse) {  // RFC 9111 4.2, 4.2.4, 5.2; RFC 5861; RFC 8246
  using enum Reuse;
  for (const ReuseCase& row : {
           ReuseCase{"", "max-age=10", 9, kFresh, true},
           ReuseCase{"", "max-age=10", 10, kRevalidate, false},
           ReuseCase{"", "max-age=10", -50, kFresh, true},
           ReuseCase{"", "max-age=10, stale-while-revalidate=5", 14, kStaleRevalidate, false},
           ReuseCase{"", "max-age=10, stale-while-revalidate=5", 15, kRevalidate, false},
           ReuseCase{"", "s-maxage=10, stale-while-revalidate=5", 14, kStaleRevalidate, false},
           ReuseCase{"", "max-age=10, must-revalidate, stale-while-revalidate=5", 14, kRevalidate,
                     false},
           ReuseCase{"", "max-age=10, proxy-revalidate, stale-if-error=5", 14, kRevalidate, false},
           ReuseCase{"", "max-age=10, stale-if-error=5", 14, kRevalidate, true},
           ReuseCase{"", "max-age=10, stale-if-error=5", 15, kRevalidate, false},
           ReuseCase{"", "no-cache, max-age=10", 1, kRevalidate, false},
           ReuseCase{"no-cache", "max-age=10", 1, kRevalidate, false},
           ReuseCase{"no-cache", "max-age=10, immutable", 1, kFresh, false},
           ReuseCase{"no-cache", "max-age=10, immutable", 11, kRevalidate, false},
           ReuseCase{"max-age=3", "max-age=10", 3, kFresh, true},
           ReuseCase{"max-age=3", "max-age=10", 4, kRevalidate, true},
           ReuseCase{"max-age=3, max-stale", "max-age=10", 4, kFresh, true},
           ReuseCase{"min-fresh=5", "max-age=10", 5, kFresh, true},
           ReuseCase{"min-fresh=5", "max-age=10", 6, kRevalidate, true},
           ReuseCase{"max-stale=5", "max-age=10", 15, kStaleRevalidate, false},
           ReuseCase{"max-stale=5", "max-age=10", 16, kRevalidate, false},
           ReuseCase{"max-stale", "max-age=10", 1 << 30, kStaleRevalidate, false},
           ReuseCase{"max-stale", "s-maxage=10", 11, kRevalidate, false},
           ReuseCase{"max-stale", "max-age=10, must-revalidate", 11, kRevalidate, false},
           ReuseCase{"only-if-cached", "max-age=10", 9, kFresh, true},
           ReuseCase{"only-if-cached", "max-age=10", 10, kGatewayTimeout, false},
           ReuseCase{"", "max-age=99999999999999", std::int64_t{1} << 62, kRevalidate, false},
       }) {
    const ReuseVerdict got =
        judge_reuse(get({{"Cache-Control", row.request}}),
                    response(200, {{"Cache-Control", row.answer}}), row.resident, policy());
    EXPECT_EQ(got.reuse, row.want) << row.request << " / " << row.answer << " @" << row.resident;
    EXPECT_EQ(got.usable_on_error, row.usable_on_error) << row.answer << " @" << row.resident;
  }
}

TEST(Freshness, OperatorsStaleDefaultsYieldToTheOrigin) {
  FreshnessPolicy p = policy();
  p.default_stale_while_revalidate = 100;
  p.default_stale_if_error = 100;
  const auto judged = [&](const char* answer) {
    return judge_reuse(get(), response(200, {{"Cache-Control", answer}}, p), 50, p);
  };
  EXPECT_EQ(judged("max-age=10").reuse, Reuse::kStaleRevalidate);
  EXPECT_TRUE(judged("max-age=10").usable_on_error);
  EXPECT_EQ(judged("max-age=10, stale-while-revalidate=0").reuse, Reuse::kRevalidate);
  EXPECT_EQ(judged("s-maxage=10").reuse, Reuse::kRevalidate);
  EXPECT_FALSE(judged("max-age=10, must-revalidate").usable_on_error);
}

TEST(Freshness, RequestsAreHeededOnlyWhenAsked) {
  FreshnessPolicy p = policy();
  p.heed_requests = false;
  const ResponseFacts stored = response(200, {{"Cache-Control", "max-age=10"}});
  EXPECT_EQ(judge_reuse(get({{"Cache-Control", "no-cache"}}), stored, 1, p).reuse, Reuse::kFresh);
  EXPECT_EQ(storability(get({{"Cache-Control", "no-store"}}), stored, p), Storability::kStore);
}

TEST(Freshness, PragmaCountsOnlyAlone) {  // RFC 9111 5.4
  EXPECT_TRUE(get({{"Pragma", "x, No-Cache"}}).control.no_cache);
  EXPECT_FALSE(get({{"Pragma", "no-cache"}, {"Cache-Control", "max-age=1"}}).control.no_cache);
}

TEST(Freshness, ASoftPurgeMakesStale) {
  const ResponseFacts stored =
      response(200, {{"Cache-Control", "max-age=1000, stale-while-revalidate=5"}});
  EXPECT_EQ(judge_soft_purged(get(), stored, 10, 0, policy()).reuse, Reuse::kStaleRevalidate);
  EXPECT_EQ(judge_soft_purged(get(), stored, 10, 5, policy()).reuse, Reuse::kRevalidate);
  const ResponseFacts plain = response(200, {{"Cache-Control", "max-age=1000, immutable"}});
  EXPECT_EQ(judge_soft_purged(get(), plain, 10, 0, policy()).reuse, Reuse::kRevalidate);
}

TEST(Freshness, AgeIsInitialPlusResident) {  // RFC 9111 4.2.3
  const ResponseFacts stored = response(200, {{"Age", "7"}, {"Cache-Control", "max-age=60"}});
  EXPECT_EQ(judge_reuse(get(), stored, 5, policy()).age, 12);
  EXPECT_EQ(judge_reuse(get(), stored, -5, policy()).age, 7);
}

}  // namespace
}  // namespace weir
