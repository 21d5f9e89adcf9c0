#include "core/store/purge_epochs.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::int64_t kNow = 1795161600;

class PurgeEpochsTest : public testing::Test {
 protected:
  void SetUp() override { make(64); }
  void make(std::uint32_t buckets) {
    region_.assign(PurgeEpochs::bytes_for(buckets), 0xee);
    purges_.emplace(PurgeEpochs::format(region_, buckets));
  }
  PurgeState state(std::string_view key, std::uint64_t epoch, std::vector<std::uint64_t> tags = {},
                   std::optional<std::uint64_t> title = {}) const {
    return purges_->verdict({key, tags, title}, epoch).state;
  }
  // What a restart makes of the records of a snapshot.
  PurgeEpochs restored(std::vector<std::uint8_t>& region, std::uint32_t buckets) const {
    region.assign(PurgeEpochs::bytes_for(buckets), 0);
    PurgeEpochs out = PurgeEpochs::format(region, buckets);
    for (std::size_t n = 0;; ++n) {
      const auto record = purges_->record_at(n);
      if (!record) return out;
      out.restore(*record);
    }
  }

  std::vector<std::uint8_t> region_;
  std::optional<PurgeEpochs> purges_;
};

TEST_F(PurgeEpochsTest, AUrlIsPurgedForWhatWasStoredBefore) {
  const std::uint64_t before = purges_->epoch();
  purges_->purge(PurgeScope::kUrl, "/a/b?c", false, kNow);
  EXPECT_EQ(state("/a/b?c", before), PurgeState::kGone);
  EXPECT_EQ(state("/a/b", before), PurgeState::kValid);
  EXPECT_EQ(state("/a/b?c", purges_->epoch()), PurgeState::kValid);
}

TEST_F(PurgeEpochsTest, APrefixReachesAllBelow) {
  const std::uint64_t before = purges_->epoch();
  purges_->purge(PurgeScope::kPrefix, "/a/b/", false, kNow);
  EXPECT_EQ(state("/a/b/c", before), PurgeState::kGone);
  EXPECT_EQ(state("/a/b/c/d?/x", before), PurgeState::kGone);
  EXPECT_EQ(state("/a/b", before), PurgeState::kValid);
  EXPECT_EQ(state("/a/bb/c", before), PurgeState::kValid);
  EXPECT_EQ(state("/x?/a/b/", before), PurgeState::kValid);
}

TEST_F(PurgeEpochsTest, AnOddPrefixReachesFurtherNeverLess) {
  EXPECT_EQ(purgeable_prefix("/a/bc"), "/a/");
  EXPECT_EQ(purgeable_prefix("/a/b/?x/"), "/a/b/");
  EXPECT_EQ(purgeable_prefix("no slash"), "");
  std::string deep;
  for (std::size_t i = 0; i < kMaxPrefixDepth + 5; ++i) deep += "/x";
  const std::uint64_t before = purges_->epoch();
  purges_->purge(PurgeScope::kPrefix, deep + "/", false, kNow);
  EXPECT_EQ(state(deep + "/y", before), PurgeState::kGone);
}

TEST_F(PurgeEpochsTest, TagsTitlesAndAll) {
  const std::uint64_t tag = purge_hash(PurgeScope::kTag, "news");
  const std::uint64_t title = purge_hash(PurgeScope::kTitle, "news");
  const std::uint64_t start = purges_->epoch();
  EXPECT_NE(tag, title);
  purges_->purge(PurgeScope::kTag, "news", false, kNow);
  EXPECT_EQ(state("/a", start, {1, tag}), PurgeState::kGone);
  EXPECT_EQ(state("/a", start, {1}, title), PurgeState::kValid);
  purges_->purge(PurgeScope::kTitle, "news", false, kNow);
  EXPECT_EQ(state("/a", start, {}, title), PurgeState::kGone);
  const std::uint64_t later = purges_->epoch();
  EXPECT_EQ(state("/b", later), PurgeState::kValid);
  purges_->purge(PurgeScope::kAll, "", false, kNow);
  EXPECT_EQ(state("/b", later), PurgeState::kGone);
  EXPECT_EQ(state("/b", purges_->epoch()), PurgeState::kValid);
}

TEST_F(PurgeEpochsTest, SoftMakesStaleAndHardWins) {
  const std::uint64_t before = purges_->epoch();
  purges_->purge(PurgeScope::kUrl, "/a", true, kNow);
  const PurgeVerdict verdict = purges_->verdict({"/a", {}, {}}, before);
  EXPECT_EQ(verdict.state, PurgeState::kStale);
  EXPECT_EQ(verdict.stale_since, kNow);
  purges_->purge(PurgeScope::kPrefix, "/", true, kNow + 5);
  EXPECT_EQ(purges_->verdict({"/a", {}, {}}, before).stale_since, kNow);
  purges_->purge(PurgeScope::kUrl, "/a", false, kNow + 9);
  EXPECT_EQ(state("/a", before), PurgeState::kGone);
  // A soft one after a hard one does not bring back what the hard one purged.
  purges_->purge(PurgeScope::kUrl, "/a", true, kNow + 10);
  EXPECT_EQ(state("/a", before), PurgeState::kGone);
}

TEST_F(PurgeEpochsTest, AFullTablePurgesMoreAndNeverLess) {
  make(4);
  std::mt19937 random(5);
  std::vector<std::pair<std::string, std::uint64_t>> purged;  // and the epoch before
  for (int i = 0; i < 3000; ++i) {
    const std::string url = "/" + std::to_string(random() % 700);
    const bool soft = random() % 3 == 0;
    if (!soft) purged.emplace_back(url, purges_->epoch());
    purges_->purge(PurgeScope::kUrl, url, soft, kNow);
  }
  for (const auto& [url, before] : purged) ASSERT_EQ(state(url, before), PurgeState::kGone) << url;
  EXPECT_EQ(state("/700", purges_->epoch()), PurgeState::kValid);
}

TEST_F(PurgeEpochsTest, WhatFewObjectsCouldStillMeanIsForgottenFirst) {
  make(1);
  for (int i = 0; i < 8; ++i) purges_->purge(PurgeScope::kUrl, std::to_string(i), false, kNow);
  const std::uint64_t oldest = purges_->epoch();
  purges_->forget_until(oldest);
  purges_->purge(PurgeScope::kUrl, "new", false, kNow);
  EXPECT_EQ(state("other", oldest - 3), PurgeState::kValid);  // no floor was raised
  EXPECT_EQ(state("new", oldest), PurgeState::kGone);
}

TEST_F(PurgeEpochsTest, SequencesAreAppliedOnceAndAcknowledgedInOrder) {
  const std::uint64_t hash = purge_hash(PurgeScope::kUrl, "/a");
  const auto apply = [&](std::uint64_t n) {
    return purges_->apply(n, PurgeScope::kUrl, hash, false, kNow).has_value();
  };
  EXPECT_TRUE(apply(1));
  EXPECT_FALSE(apply(1));
  EXPECT_EQ(purges_->acknowledged(), 1U);
  const std::uint64_t before = purges_->epoch();
  EXPECT_TRUE(apply(4));  // early: takes effect at once
  EXPECT_EQ(state("/a", before), PurgeState::kGone);
  EXPECT_EQ(purges_->acknowledged(), 1U);
  EXPECT_EQ(purges_->missing_from(), 2U);
  EXPECT_FALSE(apply(4));
  EXPECT_TRUE(apply(3));
  EXPECT_FALSE(purges_->current());
  EXPECT_TRUE(apply(2));
  EXPECT_EQ(purges_->acknowledged(), 4U);
  EXPECT_TRUE(purges_->current());
  EXPECT_TRUE(apply(1000));  // too far ahead to be remembered
  EXPECT_TRUE(apply(1000));
  EXPECT_EQ(purges_->missing_from(), 5U);
}

TEST_F(PurgeEpochsTest, AfterAPartitionReplaysOrPurgesAll) {
  purges_->apply(1, PurgeScope::kUrl, 1, false, kNow);
  const std::uint64_t before = purges_->epoch();
  EXPECT_FALSE(purges_->learn_stream(1, 1, kNow));
  EXPECT_TRUE(purges_->current());
  EXPECT_FALSE(purges_->learn_stream(3, 2, kNow));  // all that is missing can be had
  EXPECT_EQ(purges_->missing_from(), 2U);
  EXPECT_EQ(state("/x", before), PurgeState::kValid);
  EXPECT_TRUE(purges_->learn_stream(9, 3, kNow));  // 2 is lost for good
  EXPECT_EQ(state("/x", before), PurgeState::kGone);
  EXPECT_EQ(purges_->acknowledged(), 9U);
  EXPECT_TRUE(purges_->current());
  EXPECT_TRUE(purges_->learn_stream(2, 1, kNow));  // a stream made anew
  EXPECT_EQ(purges_->acknowledged(), 2U);
  EXPECT_TRUE(purges_->apply(3, PurgeScope::kUrl, 1, false, kNow));
}

TEST_F(PurgeEpochsTest, ASnapshotRestoresTheTable) {
  for (int i = 0; i < 2000; ++i) {
    purges_->purge(PurgeScope::kUrl, "/" + std::to_string(i % 900), i % 3 == 0, kNow + i);
  }
  purges_->apply(1, PurgeScope::kAll, 0, true, kNow);
  const std::uint64_t epoch = purges_->epoch();
  std::vector<std::uint8_t> region;
  const PurgeEpochs same = restored(region, 64);
  EXPECT_EQ(same.epoch(), epoch);
  EXPECT_EQ(same.acknowledged(), 1U);
  std::vector<std::uint8_t> small_region;
  const PurgeEpochs small = restored(small_region, 7);
  for (int i = 0; i < 1000; ++i) {
    const std::string url = "/" + std::to_string(i);
    for (std::uint64_t at = 1; at <= epoch; at += 97) {
      const PurgeState was = state(url, at);
      ASSERT_EQ(same.verdict({url, {}, {}}, at).state, was);
      ASSERT_GE(small.verdict({url, {}, {}}, at).state, was);  // another size: never less
    }
  }
}

TEST_F(PurgeEpochsTest, NewPurgesAreLaterThanEveryObjectFound) {
  purges_->saw_object(500);
  purges_->purge(PurgeScope::kUrl, "/a", false, kNow);
  EXPECT_EQ(state("/a", 500), PurgeState::kGone);
}

TEST_F(PurgeEpochsTest, AKilledPurgeIsFinishedByTheNext) {
  make(1);
  for (int i = 0; i < 8; ++i) purges_->purge(PurgeScope::kUrl, std::to_string(i), false, kNow);
  const auto before = region_;
  const std::uint64_t epoch = purges_->epoch();
  purges_->apply(1, PurgeScope::kUrl, purge_hash(PurgeScope::kUrl, "/a"), false, kNow);
  const auto after = region_;
  // The work is written down, then done: any mixture of before and after in the table is mended.
  const std::size_t table = PurgeEpochs::bytes_for(1) - PurgeEpochs::bytes_for(0);
  for (std::size_t cut = region_.size() - table; cut <= region_.size(); cut += 8) {
    region_ = after;
    std::copy(before.begin() + static_cast<std::ptrdiff_t>(cut), before.end(),
              region_.begin() + static_cast<std::ptrdiff_t>(cut));
    auto next = PurgeEpochs::attach(region_);
    ASSERT_TRUE(next);
    next->pretend_interrupted();
    next->resume();
    EXPECT_FALSE(next->interrupted());
    EXPECT_EQ(next->verdict({"/a", {}, {}}, epoch).state, PurgeState::kGone) << cut;
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(next->verdict({std::to_string(i), {}, {}}, 1).state, PurgeState::kGone) << cut;
    }
    EXPECT_EQ(next->acknowledged(), 1U);
  }
}

}  // namespace
}  // namespace weir
