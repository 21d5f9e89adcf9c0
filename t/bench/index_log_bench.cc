// How long a store with a million objects needs until its index stands again: replay of a log of
// 1,000,000 objects of four blocks each, half of them dropped or stored again meanwhile, into a
// table of what a hit needs. Prints JSON; the log is in memory (as after a warm restart, or read
// ahead).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

#include "core/store/index_log.h"
#include "core/store/use_sketch.h"

namespace {

using namespace weir;

constexpr std::uint64_t kObjects = 1000000;

// Open addressing by file name: 64 bytes an object and 8 a block.
class Table final : public IndexLogSink {
 public:
  Table() : rows_(kObjects * 2) {}
  void stored(const IndexedObject& object) noexcept override {
    Row& row = row_of(object.file);
    if (row.file == 0) ++size_;
    row.file = object.file;
    row.key = object.key;
    row.total = object.total;
    row.fresh_until = object.fresh_until;
  }
  void blocks(const IndexedBlocks& run) noexcept override {
    Row& row = row_of(run.file);
    if (row.file == 0) return;
    for (std::size_t i = 0; i < run.crcs.size() && run.first + i < row.crcs.size(); ++i) {
      row.crcs[run.first + i] = run.crcs[i];
      row.held |= 1U << (run.first + i);
    }
  }
  void dropped(std::uint64_t file, std::uint32_t first, std::uint32_t count) noexcept override {
    Row& row = row_of(file);
    for (std::uint32_t i = first; i < std::min(first + count, 4U); ++i) row.held &= ~(1U << i);
  }
  void removed(std::uint64_t file) noexcept override {
    Row& row = row_of(file);
    row.held = 0;
    row.total = 0;
  }
  void purged(const PurgeRecord&) noexcept override {}
  std::uint64_t size() const { return size_; }

 private:
  struct Row {
    std::uint64_t file = 0;
    std::array<std::uint8_t, 16> key{};
    std::uint64_t total = 0;
    std::int64_t fresh_until = 0;
    std::array<std::uint32_t, 4> crcs{};
    std::uint32_t held = 0;
  };
  Row& row_of(std::uint64_t file) noexcept {
    std::size_t at = mix64(file) % rows_.size();
    while (rows_[at].file != 0 && rows_[at].file != file) at = at + 1 < rows_.size() ? at + 1 : 0;
    return rows_[at];
  }
  std::vector<Row> rows_;
  std::uint64_t size_ = 0;
};

Bytes make_log() {
  IndexLogWriter writer(1);
  writer.header(1U << 20);
  std::vector<std::uint32_t> crcs(4);
  for (std::uint64_t file = 1; file <= kObjects; ++file) {
    IndexedObject object;
    object.file = file;
    object.total = 4U << 20;
    for (std::size_t i = 0; i < 8; ++i)
      object.key[i] = static_cast<std::uint8_t>(mix64(file) >> i * 8);
    writer.stored(object);
    for (std::uint32_t i = 0; i < 4; ++i) crcs[i] = static_cast<std::uint32_t>(file) + i;
    writer.blocks({file, 0, 1U << 20, crcs});
    if (file % 4 == 0) writer.dropped(file / 2, 2, 2);
    if (file % 4 == 2) writer.stored(object);
  }
  return {writer.bytes().begin(), writer.bytes().end()};
}

}  // namespace

int main() {
  const Bytes log = make_log();
  std::vector<double> took;
  std::vector<double> cpu;
  std::uint64_t objects = 0;
  std::uint64_t records = 0;
  for (int i = 0; i < 3; ++i) {
    Table table;
    const std::clock_t worked = std::clock();
    const auto started = std::chrono::steady_clock::now();
    const IndexLogReport report = replay_index_log(log, table);
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - started;
    took.push_back(ms.count());
    cpu.push_back(1000.0 * static_cast<double>(std::clock() - worked) / CLOCKS_PER_SEC);
    objects = table.size();
    records = report.records;
    if (report.end != IndexLogEnd::kClean) return 1;
  }
  std::sort(took.begin(), took.end());
  std::sort(cpu.begin(), cpu.end());
  std::printf("{\"objects\":%llu,\"records\":%llu,\"log_bytes\":%zu,\"ms\":%.0f,\"cpu_ms\":%.0f}\n",
              static_cast<unsigned long long>(objects), static_cast<unsigned long long>(records),
              log.size(), took[0], cpu[0]);
  return 0;
}
