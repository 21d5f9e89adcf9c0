#include "core/store/index_log.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::uint32_t kBlock = 1000;

// An index as simple as can be; equality is what a restart must keep.
struct Model final : IndexLogSink {
  struct Held {
    IndexedObject object;
    std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>> blocks;  // length, crc
    friend bool operator==(const Held&, const Held&) = default;
  };
  std::map<std::uint64_t, Held> files;
  std::vector<PurgeRecord> purges;

  void stored(const IndexedObject& object) noexcept override { files[object.file].object = object; }
  void blocks(const IndexedBlocks& run) noexcept override {
    const auto found = files.find(run.file);
    if (found == files.end()) return;
    for (std::size_t i = 0; i < run.crcs.size(); ++i) {
      const bool last = i + 1 == run.crcs.size();
      found->second.blocks[run.first + static_cast<std::uint32_t>(i)] = {
          last ? run.last_length : kBlock, run.crcs[i]};
    }
  }
  void dropped(std::uint64_t file, std::uint32_t first, std::uint32_t count) noexcept override {
    const auto found = files.find(file);
    if (found == files.end()) return;
    for (std::uint32_t i = 0; i < count; ++i) found->second.blocks.erase(first + i);
  }
  void removed(std::uint64_t file) noexcept override { files.erase(file); }
  void purged(const PurgeRecord& record) noexcept override { purges.push_back(record); }
};

// A log with its model after each record.
struct History {
  Bytes log;
  std::vector<std::size_t> ends;  // of the header, then of each record
  std::vector<std::map<std::uint64_t, Model::Held>> states;
};

IndexedObject object(std::uint64_t file, std::uint32_t flags = 0) {
  IndexedObject out;
  out.file = file;
  out.key.fill(static_cast<std::uint8_t>(file));
  out.total = file * 1000;
  out.stored_at = -5;
  out.fresh_until = 1795161600;
  out.last_used = 1;
  out.purge_epoch = ~std::uint64_t{0};
  out.flags = flags;
  return out;
}

History make_history(std::uint64_t generation, int records, unsigned seed) {
  std::mt19937 random(seed);
  IndexLogWriter writer(generation);
  Model model;
  History out;
  const auto step = [&] {
    out.ends.push_back(writer.bytes().size());
    out.states.push_back(model.files);
  };
  writer.header(kBlock);
  step();
  for (int i = 0; i < records; ++i) {
    const std::uint64_t file = random() % 6;
    const auto first = static_cast<std::uint32_t>(random() % 10);
    const std::vector<std::uint32_t> crcs(1 + random() % 5, static_cast<std::uint32_t>(random()));
    const IndexedBlocks run = {file, first, static_cast<std::uint32_t>(1 + random() % kBlock),
                               crcs};
    switch (random() % 5) {
      case 0:
        writer.stored(object(file, static_cast<std::uint32_t>(i)));
        model.stored(object(file, static_cast<std::uint32_t>(i)));
        break;
      case 1:
        writer.dropped(file, first, 2);
        model.dropped(file, first, 2);
        break;
      case 2:
        writer.removed(file);
        model.removed(file);
        break;
      default:
        writer.blocks(run);
        model.blocks(run);
    }
    step();
  }
  out.log.assign(writer.bytes().begin(), writer.bytes().end());
  return out;
}

TEST(IndexLog, WhatIsWrittenComesBack) {
  const History h = make_history(7, 200, 1);
  Model model;
  const IndexLogReport report = replay_index_log(h.log, model);
  EXPECT_EQ(name_of(report.end), "clean");
  EXPECT_EQ(report.valid_bytes, h.log.size());
  EXPECT_EQ(report.lost_bytes, 0U);
  EXPECT_EQ(report.records, 200U);
  EXPECT_EQ(report.header.generation, 7U);
  EXPECT_EQ(report.header.block_size, kBlock);
  EXPECT_FALSE(report.snapshot_ended);
  EXPECT_EQ(model.files, h.states.back());
}

TEST(IndexLog, CutAtEveryByteKeepsEveryWholeRecord) {
  const History h = make_history(7, 60, 2);
  std::size_t whole = 0;
  for (std::size_t cut = 0; cut <= h.log.size(); ++cut) {
    while (whole + 1 < h.ends.size() && h.ends[whole + 1] <= cut) ++whole;
    Model model;
    const IndexLogReport report = replay_index_log(ByteView(h.log).first(cut), model);
    if (cut < h.ends[0]) {
      ASSERT_EQ(name_of(report.end), "no-header") << cut;
      ASSERT_EQ(report.valid_bytes, 0U);
      continue;
    }
    ASSERT_EQ(report.valid_bytes, h.ends[whole]) << cut;
    ASSERT_EQ(report.lost_bytes, cut - h.ends[whole]) << cut;
    ASSERT_EQ(name_of(report.end), cut == h.ends[whole] ? "clean" : "truncated") << cut;
    ASSERT_EQ(model.files, h.states[whole]) << cut;
  }
}

TEST(IndexLog, AFlippedBitStopsTheReplayAtItsRecord) {
  const History h = make_history(7, 40, 3);
  std::size_t hit = 0;
  for (std::size_t at = 0; at < h.log.size(); ++at) {
    while (hit < h.ends.size() && h.ends[hit] <= at) ++hit;  // the record that holds this byte
    Bytes log = h.log;
    log[at] ^= static_cast<std::uint8_t>(1U << at % 8);
    Model model;
    const IndexLogReport report = replay_index_log(log, model);
    if (hit == 0) {
      ASSERT_EQ(name_of(report.end), "no-header") << at;
      continue;
    }
    ASSERT_NE(name_of(report.end), "clean") << at;
    ASSERT_EQ(report.valid_bytes, h.ends[hit - 1]) << at;
    ASSERT_EQ(report.valid_bytes + report.lost_bytes, log.size()) << at;
    ASSERT_EQ(model.files, h.states[hit - 1]) << at;
  }
}

TEST(IndexLog, ZerosOfAPowerCutEndIt) {
  const History h = make_history(7, 20, 4);
  Bytes log = h.log;
  log.insert(log.end(), 4096, 0);
  Model model;
  const IndexLogReport report = replay_index_log(log, model);
  EXPECT_EQ(name_of(report.end), "damaged");
  EXPECT_EQ(report.valid_bytes, h.log.size());
  EXPECT_EQ(report.lost_bytes, 4096U);
  EXPECT_EQ(model.files, h.states.back());
}

TEST(IndexLog, RecordsOfAnotherGenerationAreNone) {
  const History old = make_history(6, 20, 5);
  const History h = make_history(7, 20, 6);
  Bytes log = h.log;
  log.insert(log.end(), old.log.begin() + kIndexLogHeaderBytes, old.log.end());
  Model model;
  EXPECT_EQ(replay_index_log(log, model).valid_bytes, h.log.size());
  EXPECT_EQ(model.files, h.states.back());
}

TEST(IndexLog, FeedingBySmallPiecesIsTheSame) {
  const History h = make_history(7, 100, 8);
  for (const std::size_t piece : {1U, 7U, 64U, 1000U}) {
    Model model;
    IndexLogReplay replay(model);
    Bytes rest;
    for (std::size_t at = 0; at < h.log.size(); at += piece) {
      const auto n = std::min(piece, h.log.size() - at);
      const auto from = h.log.begin() + static_cast<std::ptrdiff_t>(at);
      rest.insert(rest.end(), from, from + static_cast<std::ptrdiff_t>(n));
      rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(replay.feed(rest)));
    }
    const IndexLogReport report = replay.finish(rest);
    EXPECT_EQ(report.valid_bytes, h.log.size());
    EXPECT_EQ(model.files, h.states.back());
  }
}

TEST(IndexLog, ASnapshotWrittenInSlicesAmongChangesIsTheIndex) {
  IndexLogWriter writer(8);
  Model live;
  for (std::uint64_t f = 1; f <= 4; ++f) live.stored(object(f));
  writer.header(kBlock);
  writer.stored(object(1));
  writer.stored(object(2));
  const std::vector<std::uint32_t> crcs = {5, 6};
  live.blocks({3, 0, 10, crcs});  // before the slice that tells of 3: passed over there
  writer.blocks({3, 0, 10, crcs});
  live.removed(1);
  writer.removed(1);
  live.removed(4);
  writer.removed(4);
  writer.stored(object(3));
  writer.blocks({3, 0, 10, crcs});
  writer.snapshot_end(2);
  Model model;
  const IndexLogReport report = replay_index_log(writer.bytes(), model);
  EXPECT_TRUE(report.snapshot_ended);
  EXPECT_EQ(model.files, live.files);
}

TEST(IndexLog, LongRunsAreSplit) {
  IndexLogWriter writer(1);
  writer.header(kBlock);
  writer.stored(object(1));
  std::vector<std::uint32_t> crcs(10000);
  for (std::uint32_t i = 0; i < 10000; ++i) crcs[i] = i;
  writer.blocks({1, 5, 17, crcs});
  Model model;
  EXPECT_EQ(replay_index_log(writer.bytes(), model).records, 4U);
  const auto& blocks = model.files[1].blocks;
  EXPECT_EQ(blocks.size(), 10000U);
  EXPECT_EQ(blocks.at(5 + 4095), std::pair(kBlock, 4095U));
  EXPECT_EQ(blocks.at(5 + 9999), std::pair(17U, 9999U));
}

TEST(IndexLog, PurgesComeBack) {
  PurgeRecord record;
  record.epoch = 9;
  record.hash = ~std::uint64_t{0};
  record.sequence = 7;
  record.acknowledged = 8;
  record.at = -1;
  record.scope = 255;
  record.soft = true;
  PurgeRecord reset;
  reset.resets = true;
  IndexLogWriter writer(1);
  writer.header(kBlock);
  writer.purged(record);
  writer.purged(reset);
  Model model;
  EXPECT_EQ(name_of(replay_index_log(writer.bytes(), model).end), "clean");
  EXPECT_EQ(model.purges, (std::vector<PurgeRecord>{record, reset}));
}

TEST(IndexLog, CompactsWhenHalfIsHistory) {
  constexpr std::uint64_t kMiB = 1U << 20;
  EXPECT_FALSE(wants_compaction(16 * kMiB, 0));
  EXPECT_TRUE(wants_compaction(17 * kMiB, 0));
  EXPECT_FALSE(wants_compaction(200 * kMiB, 100 * kMiB));
  EXPECT_TRUE(wants_compaction(217 * kMiB, 100 * kMiB));
  EXPECT_FALSE(wants_compaction(1, 100 * kMiB));
  IndexLogWriter writer(1);
  writer.header(kBlock);
  writer.stored(object(1));
  const std::vector<std::uint32_t> crcs = {5, 6};
  writer.blocks({1, 0, 10, crcs});
  writer.snapshot_end(1);
  EXPECT_EQ(snapshot_bytes(1, 1, 2), writer.bytes().size());
}

}  // namespace
}  // namespace weir
