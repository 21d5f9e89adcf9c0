#include "core/store/cache_policy.h"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

using Key = std::pair<std::uint32_t, std::uint32_t>;  // entry, unit

// A store that holds units and obeys the policy.
class CachePolicyTest : public testing::Test, public CachePolicy::Owner {
 protected:
  void make(std::uint32_t capacity) {
    region_.assign(CachePolicy::bytes_for(capacity), 0xee);
    policy_.emplace(CachePolicy::format(region_, capacity));
  }
  static UnitRef ref(std::uint32_t entry, std::uint32_t unit = 0) {
    return {entry, unit, entry * 2654435761U};
  }
  // Reads a unit through the store: what a hit or a fill does.
  bool read(std::uint32_t entry, std::uint32_t unit = 0, UnitPlace place = {.whole = true}) {
    const UnitRef wanted = ref(entry, unit);
    policy_->note_use(wanted, place);
    if (held_.contains({entry, unit})) return true;
    while (held_.size() >= policy_->capacity()) {
      const auto victim = policy_->evict(*this);
      if (!victim) return false;
      held_.erase({victim->entry, victim->unit});
    }
    while (!policy_->admit(wanted, place)) {  // slots of units that are gone
      if (const auto victim = policy_->evict(*this)) held_.erase({victim->entry, victim->unit});
    }
    held_.insert({entry, unit});
    return false;
  }
  UnitFate fate(const UnitRef& unit) noexcept override {
    const Key key{unit.entry, unit.unit};
    if (pinned_.contains(key)) return UnitFate::kPinned;
    if (busy_.contains(key)) return UnitFate::kBusy;
    return held_.contains(key) ? UnitFate::kEvictable : UnitFate::kGone;
  }

  std::vector<std::uint8_t> region_;
  std::optional<CachePolicy> policy_;
  std::set<Key> held_;
  std::set<Key> pinned_;
  std::set<Key> busy_;
};

TEST_F(CachePolicyTest, TakesNoMoreThanItWasMadeFor) {
  make(3);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_TRUE(policy_->admit(ref(i), {}));
  EXPECT_FALSE(policy_->admit(ref(3), {}));
  EXPECT_EQ(policy_->size(), 3U);
  EXPECT_FALSE(policy_->admit(ref(0, kMaxUnits), {}));
  EXPECT_TRUE(policy_->sound());
}

TEST_F(CachePolicyTest, CostsThirtyFourBytesAUnit) {
  for (const std::uint32_t capacity : {1000U, 65536U, 65537U, 1U << 20}) {
    EXPECT_LE(CachePolicy::bytes_for(capacity), 256 + std::size_t{capacity} * 34);
  }
}

TEST_F(CachePolicyTest, IsTakenOverByTheNextProcess) {
  make(100);
  for (std::uint32_t i = 0; i < 50; ++i) read(i);
  auto again = CachePolicy::attach(region_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->size(), 50U);
  EXPECT_TRUE(again->sound());
  region_.push_back(0);
  EXPECT_FALSE(CachePolicy::attach(region_));
  EXPECT_FALSE(CachePolicy::attach(std::span(region_).first(8)));
  region_.pop_back();
  region_[0] ^= 1;
  EXPECT_FALSE(CachePolicy::attach(region_));
}

TEST_F(CachePolicyTest, AScanLeavesWhatIsUsedAlone) {
  make(200);
  for (int round = 0; round < 5; ++round) {
    for (std::uint32_t i = 0; i < 100; ++i) read(i);
  }
  for (std::uint32_t i = 0; i < 10000; ++i) {
    read(1000 + i);
    if (i % 3 == 0) read(i / 3 % 100);
  }
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < 100; ++i) kept += held_.contains({i, 0}) ? 1U : 0U;
  EXPECT_GE(kept, 95U);
}

TEST_F(CachePolicyTest, TailsOfHalfWatchedFilmsLeaveFirst) {
  make(400);
  constexpr std::uint32_t kFilms = 8;
  constexpr std::uint32_t kUnits = 50;
  for (std::uint32_t unit = 0; unit < kUnits; ++unit) {  // each seen once to the end
    for (std::uint32_t f = 0; f < kFilms; ++f) read(f, unit, UnitPlace::of(unit, kUnits));
  }
  for (int view = 0; view < 6; ++view) {  // and begun six times more
    for (std::uint32_t f = 0; f < kFilms; ++f) policy_->note_use(ref(f), UnitPlace::of(0, kUnits));
  }
  for (std::uint32_t i = 0; i < 200; ++i) read(1000 + i);
  std::uint32_t heads_lost = kFilms * kUnits / 2;
  std::uint32_t tails_lost = kFilms * kUnits / 2;
  for (const auto& [entry, unit] : held_) {
    if (entry < kFilms) (unit < kUnits / 2 ? heads_lost : tails_lost) -= 1;
  }
  EXPECT_GE(tails_lost, heads_lost * 2) << heads_lost << " " << tails_lost;
}

TEST_F(CachePolicyTest, MediaHeadersLeaveLast) {
  make(100);
  for (std::uint32_t i = 0; i < 10; ++i) read(i, 0, {0, true, true});
  for (std::uint32_t i = 0; i < 3000; ++i) read(100 + i % 280);
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_TRUE(held_.contains({i, 0})) << i;
}

TEST_F(CachePolicyTest, PinnedUnitsAreOnNoList) {
  make(50);
  for (std::uint32_t i = 0; i < 50; ++i) read(i);
  for (std::uint32_t i = 0; i < 20; ++i) pinned_.insert({i, 0});
  for (int i = 0; i < 30; ++i) {
    const auto victim = policy_->evict(*this);
    ASSERT_TRUE(victim);
    EXPECT_GE(victim->entry, 20U);
    held_.erase({victim->entry, victim->unit});
  }
  EXPECT_FALSE(policy_->evict(*this));
  EXPECT_EQ(policy_->size(), 0U);
  EXPECT_TRUE(policy_->sound());
}

TEST_F(CachePolicyTest, BusyUnitsAreLeftForLater) {
  make(20);
  for (std::uint32_t i = 0; i < 20; ++i) {
    read(i);
    busy_.insert({i, 0});
  }
  EXPECT_FALSE(policy_->evict(*this));
  EXPECT_EQ(policy_->size(), 20U);
  busy_.erase({7, 0});
  const auto victim = policy_->evict(*this);
  ASSERT_TRUE(victim);
  EXPECT_EQ(victim->entry, 7U);
  EXPECT_EQ(policy_->last_victim(), *victim);
}

TEST_F(CachePolicyTest, WhatIsGoneIsForgottenWhenItIsMet) {
  make(64);
  for (std::uint32_t i = 0; i < 64; ++i) read(i);
  held_.clear();  // all purged
  EXPECT_FALSE(policy_->evict(*this));
  for (int i = 0; i < 3; ++i) policy_->evict(*this);
  EXPECT_EQ(policy_->size(), 0U);
  for (std::uint32_t i = 0; i < 64; ++i) EXPECT_TRUE(policy_->admit(ref(i), {}));
}

TEST_F(CachePolicyTest, OldFameFades) {
  make(100);
  for (int round = 0; round < 15; ++round) {
    for (std::uint32_t i = 0; i < 100; ++i) read(i);
  }
  for (int round = 0; round < 400; ++round) {
    for (std::uint32_t i = 200; i < 350; ++i) read(i);
  }
  std::uint32_t old_ones = 0;
  for (std::uint32_t i = 0; i < 100; ++i) old_ones += held_.contains({i, 0}) ? 1U : 0U;
  EXPECT_LE(old_ones, 10U);
}

TEST_F(CachePolicyTest, StaysSoundThroughAnything) {
  make(300);
  std::mt19937 random(7);
  for (int i = 0; i < 30000; ++i) {
    const auto entry = static_cast<std::uint32_t>(random() % 900);
    switch (random() % 8) {
      case 0:
        held_.erase({entry, 0});
        break;
      case 1:
        if (const auto victim = policy_->evict(*this)) held_.erase({victim->entry, victim->unit});
        break;
      default:
        read(entry);
    }
    if (i % 100 == 0) {
      ASSERT_TRUE(policy_->sound()) << i;
    }
  }
}

// Kill -9 leaves any mixture of old and new words; repair() must cope with any bytes at all.
TEST_F(CachePolicyTest, RepairMakesSoundPolicyOfAnyBytes) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    make(60);
    held_.clear();
    for (std::uint32_t i = 0; i < 90; ++i) read(static_cast<std::uint32_t>(random() % 120));
    const std::uint32_t capacity_at = 24;  // of what the header holds this alone must stand
    for (int i = 0; i < 20; ++i) {
      const std::size_t at = 16 + random() % (region_.size() - 16);
      if (at >= capacity_at && at < capacity_at + 4) continue;
      region_[at] = static_cast<std::uint8_t>(random());
    }
    policy_->pretend_interrupted();
    ASSERT_TRUE(policy_->interrupted());
    policy_->repair();
    ASSERT_FALSE(policy_->interrupted());
    ASSERT_TRUE(policy_->sound()) << round;
    for (int i = 0; i < 200; ++i) policy_->evict(*this);
    ASSERT_TRUE(policy_->sound()) << round;
  }
}

// Every single store of a call is a place where a process can be killed: the region as it was
// between them is made by mixing what was before the call with what was after, cut at each word.
TEST_F(CachePolicyTest, RepairLosesAtMostTheUnitAtHand) {
  make(40);
  for (std::uint32_t i = 0; i < 200; ++i) read(i % 70);
  const auto before = region_;
  const std::uint32_t size = policy_->size();
  ASSERT_TRUE(policy_->evict(*this));
  const auto after = region_;
  for (std::size_t cut = 32; cut < before.size(); cut += 4) {
    for (const bool front : {true, false}) {
      const auto& first = front ? after : before;
      const auto& second = front ? before : after;
      std::copy(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(cut), region_.begin());
      std::copy(second.begin() + static_cast<std::ptrdiff_t>(cut), second.end(),
                region_.begin() + static_cast<std::ptrdiff_t>(cut));
      policy_->repair();
      ASSERT_TRUE(policy_->sound()) << cut;
      ASSERT_GE(policy_->size() + 1, size) << cut;
      ASSERT_LE(policy_->size(), size) << cut;
    }
  }
}

TEST(UseSketch, CountsFadesAndStopsAtItsLimit) {
  std::vector<std::uint8_t> counters(1024);
  UseSketch sketch(counters, 15);
  for (std::uint64_t key = 0; key < 100; ++key) {
    for (std::uint64_t n = 0; n <= key % 20; ++n) sketch.note(key);
  }
  std::uint32_t wrong = 0;
  for (std::uint64_t key = 0; key < 100; ++key) {
    const auto want = std::min<std::uint64_t>(15, key % 20 + 1);
    EXPECT_GE(sketch.estimate(key), want);
    wrong += sketch.estimate(key) != want ? 1U : 0U;
  }
  EXPECT_LE(wrong, 5U);
  EXPECT_EQ(sketch.age(1000, 1024), 1000U);
  EXPECT_EQ(sketch.estimate(19), 7U);
}

}  // namespace
}  // namespace weir
