// An index log as a disk may give it back. What is replayed is written again, and must replay the
// same; a cut at valid_bytes is clean.

#include "core/store/index_log.h"
#include "t/fuzz/fuzz.h"

namespace {

using namespace weir;
using weir::fuzz::must;

struct Rewriter final : IndexLogSink {
  explicit Rewriter(std::uint64_t generation) : out(generation) {}
  void stored(const IndexedObject& object) noexcept override { out.stored(object); }
  void blocks(const IndexedBlocks& run) noexcept override {
    must(run.last_length != 0 && !run.crcs.empty(), "a run of blocks says something");
    out.blocks(run);
  }
  void dropped(std::uint64_t file, std::uint32_t first, std::uint32_t count) noexcept override {
    out.dropped(file, first, count);
  }
  void removed(std::uint64_t file) noexcept override { out.removed(file); }
  void purged(const PurgeRecord& record) noexcept override { out.purged(record); }
  IndexLogWriter out;
};

Bytes replayed(ByteView file, IndexLogReport& report) {
  Rewriter sink(1);
  sink.out.header(1U << 20);
  report = replay_index_log(file, sink);
  return {sink.out.bytes().begin(), sink.out.bytes().end()};
}

// Makes CRCs right, so that the fuzzer gets behind them: the rest of the input as payloads.
Bytes made_sound(ByteView in) {
  IndexLogWriter writer(2);
  writer.header(1U << 20);
  Bytes out(writer.bytes().begin(), writer.bytes().end());
  return out.insert(out.end(), in.begin(), in.end()), out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const Bytes& file : {Bytes(data, data + size), made_sound({data, size})}) {
    IndexLogReport report;
    const Bytes once = replayed(file, report);
    must(report.valid_bytes + report.lost_bytes == file.size(), "nothing of the file is uncounted");
    IndexLogReport again;
    const Bytes twice = replayed(once, again);
    must(again.end == IndexLogEnd::kClean && once == twice,
         "what was replayed is written cleanly, and the same");
    if (report.end == IndexLogEnd::kNoHeader) continue;
    must(replayed(ByteView(file).first(report.valid_bytes), again) == once,
         "a cut at valid_bytes is the same log");
    must(again.end == IndexLogEnd::kClean, "a cut at valid_bytes is clean");
  }
  return 0;
}
