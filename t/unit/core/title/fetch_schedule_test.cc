// Long because the schedule is one state machine, and each fact about it is a short story of its
// own.
#include "core/title/fetch_schedule.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;
using State = EdgeHealth::State;

constexpr std::uint32_t kPiece = 1U << 20;

// Plays the fetch engine: begins what may begin, and says what happened.
class FetchScheduleTest : public ::testing::Test {
 protected:
  void film(std::size_t pieces, std::size_t edges, FetchLimits limits = {}) {
    schedule.emplace(std::vector<std::uint32_t>(pieces, kPiece), edges, limits, clock);
  }
  // Everything that may begin now.
  std::vector<FetchOrder> begin() {
    std::vector<FetchOrder> out;
    while (const auto order = schedule->next()) {
      out.push_back(*order);
      EXPECT_LT(out.size(), 100U) << "next() never says enough";
      if (out.size() >= 100U) break;
    }
    return out;
  }
  FetchOrder begin_one() {
    const auto order = schedule->next();
    EXPECT_TRUE(order);
    return order.value_or(FetchOrder{});
  }
  void deliver(const FetchOrder& order) {
    schedule->on_bytes(order.attempt, kPiece - order.from);
    schedule->on_done(order.attempt);
  }
  void pass(std::chrono::milliseconds time) { clock.advance(time); }
  void expire() {
    for (const FetchExpiry& late : schedule->expired())
      schedule->on_fault(late.attempt, late.fault);
  }
  State state(std::size_t edge) { return schedule->edges()[edge].state; }

  ManualClock clock;
  std::optional<FetchSchedule> schedule;
};

std::vector<std::uint32_t> items(const std::vector<FetchOrder>& orders) {
  std::vector<std::uint32_t> out;
  for (const FetchOrder& order : orders) out.push_back(order.item);
  return out;
}

std::set<std::uint32_t> edges_of(const std::vector<FetchOrder>& orders) {
  std::set<std::uint32_t> out;
  for (const FetchOrder& order : orders) out.insert(order.edge);
  return out;
}

TEST_F(FetchScheduleTest, FillsTheSocketsInTheOrderOfTheFilm) {
  film(20, 1);
  const auto orders = begin();
  EXPECT_EQ(items(orders), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
  deliver(orders[2]);
  EXPECT_EQ(items(begin()), std::vector<std::uint32_t>{5});
}

TEST_F(FetchScheduleTest, LeavesOutWhatIsHeldAlready) {
  film(4, 1);
  schedule->mark_done(0);
  schedule->mark_done(2);
  schedule->mark_done(2);
  const auto orders = begin();
  EXPECT_EQ(items(orders), (std::vector<std::uint32_t>{1, 3}));
  deliver(orders[0]);
  EXPECT_FALSE(schedule->finished());
  deliver(orders[1]);
  EXPECT_TRUE(schedule->finished());
}

TEST_F(FetchScheduleTest, DoesNotRunFurtherAheadThanTheWindow) {
  film(20, 1, {.sockets = 16, .window_bytes = 3 * kPiece});
  const auto orders = begin();
  EXPECT_EQ(items(orders), (std::vector<std::uint32_t>{0, 1, 2}));
  deliver(orders[1]);
  EXPECT_TRUE(begin().empty()) << "piece 0 holds the window";
  deliver(orders[0]);
  EXPECT_EQ(items(begin()), (std::vector<std::uint32_t>{3, 4}));
}

TEST_F(FetchScheduleTest, BoundsWhatIsHeldInMemory) {
  film(20, 1, {.sockets = 16, .active_bytes = 2 * kPiece + 1});
  EXPECT_EQ(begin().size(), 2U);
}

TEST_F(FetchScheduleTest, APieceOverEveryBoundStillComes) {
  film(2, 1, {.window_bytes = 1, .active_bytes = 1});
  EXPECT_EQ(items(begin()), std::vector<std::uint32_t>{0});
}

TEST_F(FetchScheduleTest, StripesOverTheEdges) {
  film(20, 3, {.sockets = 6});
  const auto orders = begin();
  std::array<int, 3> on{};
  for (const FetchOrder& order : orders) ++on.at(order.edge);
  EXPECT_EQ(on, (std::array<int, 3>{2, 2, 2}));
}

TEST_F(FetchScheduleTest, AFasterEdgeGetsMore) {
  film(400, 2, {.sockets = 4, .window_bytes = 400ULL * kPiece});
  std::array<int, 2> done{};
  std::vector<FetchOrder> active = begin();
  // Edge 0 gives 10 MiB/s, edge 1 one tenth of that; each in steps of 100 ms.
  std::map<std::uint64_t, double> got;
  for (int step = 0; step < 300 && !schedule->finished(); ++step) {
    pass(100ms);
    std::array<int, 2> sharing{};
    for (const FetchOrder& order : active) ++sharing.at(order.edge);
    std::set<std::uint64_t> over;
    for (const FetchOrder& order : active) {
      if (over.contains(order.attempt)) continue;
      const double part = (order.edge == 0 ? 1.0 : 0.1) * kPiece / sharing.at(order.edge);
      schedule->on_bytes(order.attempt, static_cast<std::uint64_t>(part));
      if ((got[order.attempt] += part) < kPiece) continue;
      over.insert(order.attempt);
      for (const std::uint64_t loser : schedule->on_done(order.attempt)) over.insert(loser);
      ++done.at(order.edge);
    }
    std::erase_if(active, [&](const FetchOrder& o) { return over.contains(o.attempt); });
    for (const FetchOrder& order : begin()) active.push_back(order);
  }
  EXPECT_GT(done[0], 5 * done[1]);
  EXPECT_GE(done[1], 3) << "the slow one helps too";
}

TEST_F(FetchScheduleTest, ALatePieceIsAskedOfAnotherEdgeAtHalfItsDeadline) {
  film(1, 2);
  const FetchOrder first = begin_one();
  pass(999ms);
  EXPECT_TRUE(begin().empty());
  pass(1ms);
  const FetchOrder hedge = begin_one();
  EXPECT_TRUE(hedge.hedge);
  EXPECT_EQ(hedge.item, first.item);
  EXPECT_NE(hedge.edge, first.edge);
  EXPECT_EQ(schedule->wake_at() - clock.monotonic(), 1000ms);
  schedule->on_bytes(hedge.attempt, kPiece);
  EXPECT_EQ(schedule->on_done(hedge.attempt), std::vector<std::uint64_t>{first.attempt});
  EXPECT_TRUE(schedule->finished());
}

TEST_F(FetchScheduleTest, NoThirdAttemptAtOnePiece) {
  film(1, 3);
  begin_one();
  pass(1500ms);
  begin_one();
  pass(400ms);
  EXPECT_TRUE(begin().empty());
}

TEST_F(FetchScheduleTest, BytesPutTheDeadlineOff) {
  film(1, 1);
  const FetchOrder order = begin_one();
  pass(1900ms);
  schedule->on_connected(order.attempt);
  pass(1900ms);
  EXPECT_TRUE(schedule->expired().empty());
  schedule->on_bytes(order.attempt, 1);
  pass(2900ms);
  EXPECT_TRUE(schedule->expired().empty());
  pass(100ms);
  ASSERT_EQ(schedule->expired().size(), 1U);
  EXPECT_EQ(schedule->expired()[0].fault, FetchFault::kTimeout);
}

TEST_F(FetchScheduleTest, NoConnectionInTwoSecondsIsAFailedConnection) {
  film(1, 1);
  begin_one();
  pass(2000ms);
  ASSERT_EQ(schedule->expired().size(), 1U);
  EXPECT_EQ(schedule->expired()[0].fault, FetchFault::kConnect);
}

TEST_F(FetchScheduleTest, ADeadEdgeRestsAndTheOtherCarriesOn) {
  film(20, 2);
  auto orders = begin();
  ASSERT_EQ(edges_of(orders), (std::set<std::uint32_t>{0, 1}));
  for (const FetchOrder& order : orders) {
    if (order.edge == 0) schedule->on_fault(order.attempt, FetchFault::kConnect);
  }
  EXPECT_EQ(state(0), State::kResting);
  EXPECT_EQ(edges_of(begin()), std::set<std::uint32_t>{1});
}

TEST_F(FetchScheduleTest, ABrokenPieceGoesOnWhereItBrokeOnTheOtherEdge) {
  film(2, 2, {.sockets = 1});
  const FetchOrder first = begin_one();
  schedule->on_bytes(first.attempt, 300'000);
  schedule->on_fault(first.attempt, FetchFault::kBroken, 262'208);
  const FetchOrder again = begin_one();
  EXPECT_EQ(again.item, first.item);
  EXPECT_NE(again.edge, first.edge);
  EXPECT_EQ(again.from, 262'208U);
  EXPECT_EQ(state(first.edge), State::kGood) << "one fault is no pattern";
}

TEST_F(FetchScheduleTest, ThreeFaultsInARowMakeAnEdgeRest) {
  film(20, 2, {.sockets = 8});
  int broken = 0;
  for (const FetchOrder& order : begin()) {
    if (order.edge != 0 || broken == 3) continue;
    EXPECT_EQ(state(0), State::kGood);
    schedule->on_fault(order.attempt, FetchFault::kBroken);
    ++broken;
  }
  EXPECT_EQ(state(0), State::kResting);
}

TEST_F(FetchScheduleTest, ARestedEdgeIsProbedWithOneAttemptAndComesBack) {
  film(100, 2);
  for (const FetchOrder& order : begin()) {
    if (order.edge == 0) schedule->on_fault(order.attempt, FetchFault::kConnect);
    if (order.edge == 1) deliver(order);
  }
  pass(29'999ms);
  for (const FetchOrder& order : begin()) {
    EXPECT_EQ(order.edge, 1U);
    deliver(order);
  }
  pass(1ms);
  std::vector<FetchOrder> probes;
  for (const FetchOrder& order : begin()) {
    if (order.edge == 0) probes.push_back(order);
  }
  ASSERT_EQ(probes.size(), 1U);
  EXPECT_EQ(state(0), State::kProbing);
  deliver(probes[0]);
  EXPECT_EQ(state(0), State::kGood);
}

TEST_F(FetchScheduleTest, AFailedProbeDoublesTheRestUpToFiveMinutes) {
  film(5000, 2, {.sockets = 2});
  std::vector<std::int64_t> rests;
  auto last = clock.monotonic();
  for (int step = 0; step < 3000 && rests.size() < 7; ++step) {
    for (const FetchOrder& order : begin()) {
      if (order.edge == 1) {
        deliver(order);
        continue;
      }
      rests.push_back(
          std::chrono::duration_cast<std::chrono::seconds>(clock.monotonic() - last).count());
      last = clock.monotonic();
      schedule->on_fault(order.attempt, FetchFault::kConnect);
    }
    pass(1s);
  }
  EXPECT_EQ(rests, (std::vector<std::int64_t>{0, 30, 60, 120, 240, 300, 300}));
}

TEST_F(FetchScheduleTest, AProbeCutOffByTheOtherEdgeIsNotTheLast) {
  film(100, 2, {.sockets = 2});
  auto orders = begin();
  schedule->on_fault(orders[0].attempt, FetchFault::kConnect);
  const std::uint32_t dead = orders[0].edge;
  deliver(orders[1]);
  pass(30s);
  bool probed = false;
  for (const FetchOrder& order : begin()) probed |= order.edge == dead;
  ASSERT_TRUE(probed);
  EXPECT_EQ(state(dead), State::kProbing);
  pass(1s);
  for (const FetchOrder& order : begin()) {
    if (order.hedge) deliver(order);
  }
  int probes = 0;
  for (int i = 0; i < 50 && state(dead) != State::kGood; ++i) {
    pass(1s);
    for (const FetchOrder& order : begin()) {
      probes += order.edge == dead;
      deliver(order);
    }
    expire();
  }
  EXPECT_GE(probes, 1);
  EXPECT_EQ(state(dead), State::kGood);
}

TEST_F(FetchScheduleTest, DamagedBytesAreTakenElsewhere) {
  film(1, 2);
  const FetchOrder first = begin_one();
  schedule->on_bytes(first.attempt, kPiece);
  schedule->on_fault(first.attempt, FetchFault::kDamaged);
  const FetchOrder again = begin_one();
  EXPECT_NE(again.edge, first.edge);
  EXPECT_EQ(again.from, 0U);
  deliver(again);
  EXPECT_TRUE(schedule->finished());
}

TEST_F(FetchScheduleTest, APieceThatIsDamagedEverywhereEndsIt) {
  film(1, 2);
  int tries = 0;
  while (!schedule->gave_up() && tries < 20) {
    for (const FetchOrder& order : begin()) {
      ++tries;
      schedule->on_fault(order.attempt, FetchFault::kDamaged);
    }
    pass(300ms);
  }
  ASSERT_TRUE(schedule->gave_up());
  EXPECT_EQ(schedule->gave_up()->fault, FetchFault::kDamaged);
  EXPECT_EQ(tries, 4) << "twice at each edge";
}

TEST_F(FetchScheduleTest, APieceMissingHereIsAskedThereAndMissingEverywhereEndsIt) {
  film(2, 2, {.sockets = 1});
  const FetchOrder first = begin_one();
  schedule->on_fault(first.attempt, FetchFault::kMissing);
  const FetchOrder second = begin_one();
  EXPECT_NE(second.edge, first.edge);
  EXPECT_EQ(state(first.edge), State::kGood) << "it lacks one piece and is well otherwise";
  schedule->on_fault(second.attempt, FetchFault::kMissing);
  ASSERT_TRUE(schedule->gave_up());
  EXPECT_EQ(schedule->gave_up()->fault, FetchFault::kMissing);
  EXPECT_TRUE(begin().empty());
}

TEST_F(FetchScheduleTest, RefusedByAllEndsItAtOnce) {
  film(20, 2);
  for (const FetchOrder& order : begin()) schedule->on_fault(order.attempt, FetchFault::kRefused);
  ASSERT_TRUE(begin().empty());
  ASSERT_TRUE(schedule->gave_up());
  EXPECT_EQ(schedule->gave_up()->fault, FetchFault::kRefused);
}

TEST_F(FetchScheduleTest, TheOnlyEdgeIsTriedAgainUntilPatienceEnds) {
  film(20, 1);
  const auto start = clock.monotonic();
  int tries = 0;
  while (!schedule->gave_up() && clock.monotonic() - start < 60s) {
    for (const FetchOrder& order : begin()) {
      ++tries;
      schedule->on_fault(order.attempt, FetchFault::kConnect);
    }
    pass(50ms);
  }
  ASSERT_TRUE(schedule->gave_up());
  EXPECT_GE(clock.monotonic() - start, 20s);
  EXPECT_LE(clock.monotonic() - start, 26s);
  EXPECT_GT(tries, 6);
  EXPECT_LT(tries, 20) << "pauses grow";
}

TEST_F(FetchScheduleTest, FailingTogetherIsOneReasonToWait) {
  film(20, 1, {.sockets = 8});
  for (const FetchOrder& order : begin()) schedule->on_fault(order.attempt, FetchFault::kBroken);
  pass(249ms);
  EXPECT_TRUE(begin().empty());
  pass(1ms);
  ASSERT_EQ(begin().size(), 1U) << "a probe, as all is not well";
}

TEST_F(FetchScheduleTest, DamageIsNotWaitedFor) {
  film(20, 1);
  for (const FetchOrder& order : begin()) schedule->on_fault(order.attempt, FetchFault::kDamaged);
  schedule->on_fault(begin_one().attempt, FetchFault::kDamaged);
  ASSERT_TRUE(schedule->gave_up());
}

TEST_F(FetchScheduleTest, TheOnlyEdgeIsTakenBackWhenItReturns) {
  film(1, 1);
  for (int i = 0; i < 8; ++i) {
    for (const FetchOrder& order : begin()) schedule->on_fault(order.attempt, FetchFault::kConnect);
    pass(1s);
  }
  ASSERT_FALSE(schedule->gave_up());
  for (int i = 0; i < 10 && !schedule->finished(); ++i) {
    for (const FetchOrder& order : begin()) deliver(order);
    pass(1s);
  }
  EXPECT_TRUE(schedule->finished());
  EXPECT_EQ(state(0), State::kGood);
}

TEST_F(FetchScheduleTest, ALineThatBreaksOftenButGainsBytesIsNotGivenUp) {
  film(1, 1);
  for (std::uint64_t kept = 65'552; kept < kPiece; kept += 65'552) {
    const FetchOrder order = begin_one();
    EXPECT_EQ(order.from, kept - 65'552);
    schedule->on_bytes(order.attempt, 70'000);
    schedule->on_fault(order.attempt, FetchFault::kBroken, kept);
    ASSERT_FALSE(schedule->gave_up());
    pass(10s);
  }
}

TEST_F(FetchScheduleTest, AtTheEndIdleSocketsHelpASlowPiece) {
  film(5, 2);
  auto orders = begin();
  std::optional<FetchOrder> slow;
  for (const FetchOrder& order : orders) {
    if (order.edge == 1 && !slow) slow = order;
  }
  ASSERT_TRUE(slow);
  schedule->on_bytes(slow->attempt, 10'000);
  pass(500ms);
  for (const FetchOrder& order : orders) {
    if (order.attempt != slow->attempt) deliver(order);
  }
  schedule->on_bytes(slow->attempt, 10'000);
  EXPECT_TRUE(begin().empty());
  pass(600ms);
  schedule->on_bytes(slow->attempt, 10'000);
  const FetchOrder hedge = begin_one();
  EXPECT_TRUE(hedge.hedge);
  EXPECT_EQ(hedge.item, slow->item);
  EXPECT_EQ(hedge.edge, 0U);
}

// Found with a real edge that gave its whole share within one measuring period.
TEST_F(FetchScheduleTest, AnEdgeTooFastToMeasureHelpsAllTheSame) {
  film(5, 2);
  std::optional<FetchOrder> slow;
  for (const FetchOrder& order : begin()) {
    if (order.edge == 1 && !slow) {
      slow = order;
    } else {
      deliver(order);
    }
  }
  ASSERT_TRUE(slow);
  for (int i = 0; i < 12; ++i) {
    schedule->on_bytes(slow->attempt, 2000);
    EXPECT_TRUE(i >= 10 || begin().empty());
    pass(100ms);
  }
  EXPECT_EQ(begin_one().edge, 0U);
}

TEST_F(FetchScheduleTest, AnEdgeNeverAskedIsTriedWhenTheOnlyPieceCrawls) {
  film(1, 2);
  const FetchOrder slow = begin_one();
  for (int i = 0; i < 12; ++i) {
    schedule->on_bytes(slow.attempt, 2000);
    pass(100ms);
  }
  EXPECT_NE(begin_one().edge, slow.edge);
}

TEST_F(FetchScheduleTest, ReportsForAttemptsLongOverAreIgnored) {
  film(2, 1);
  const FetchOrder order = begin_one();
  deliver(order);
  deliver(order);
  schedule->on_fault(order.attempt, FetchFault::kDamaged);
  schedule->on_connected(999);
  EXPECT_EQ(schedule->edges()[0].done, 1U);
  EXPECT_EQ(schedule->edges()[0].faults, 0U);
}

// Whatever happens, in any order: bounds hold, and a film with one honest edge is finished.
TEST_F(FetchScheduleTest, AnyMixOfFaultsEndsWithTheWholeFilm) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    clock = ManualClock();
    const FetchLimits limits{.sockets = 1 + seed % 8, .window_bytes = 8 * kPiece};
    film(30, 3, limits);
    std::map<std::uint64_t, FetchOrder> active;
    std::set<std::uint32_t> done;
    for (int step = 0; step < 20'000 && !schedule->finished(); ++step) {
      for (const FetchOrder& order : begin()) active.emplace(order.attempt, order);
      ASSERT_LE(active.size(), limits.sockets) << seed;
      ASSERT_EQ(active.size(), schedule->active()) << seed;
      for (const auto& [id, order] : active) {
        std::uint32_t first = 0;
        while (done.contains(first)) ++first;
        ASSERT_LE(order.item, first + 8) << seed;
      }
      pass(std::chrono::milliseconds(random() % 400));
      for (const FetchExpiry& late : schedule->expired()) {
        schedule->on_fault(late.attempt, late.fault);
        active.erase(late.attempt);
      }
      if (active.empty()) continue;
      const FetchOrder order =
          std::next(active.begin(), static_cast<int>(random() % active.size()))->second;
      const auto luck = random() % 10;
      schedule->on_bytes(order.attempt, 1 + random() % 1000);
      if (luck < 3) continue;
      active.erase(order.attempt);
      if (order.edge != 2 && luck < 9) {
        schedule->on_fault(order.attempt, static_cast<FetchFault>(random() % 7));
        continue;
      }
      ASSERT_TRUE(done.insert(order.item).second) << "an item is done once, seed " << seed;
      for (const std::uint64_t loser : schedule->on_done(order.attempt)) active.erase(loser);
    }
    ASSERT_TRUE(schedule->finished()) << "seed " << seed;
    ASSERT_EQ(done.size(), 30U);
  }
}

}  // namespace
}  // namespace weir
