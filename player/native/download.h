// One title into one file: opens it at its edges, fetches what is missing, checks the whole and
// gives the file its name. What the command line's `get` does; knows nothing of its options'
// spelling. One run, on one thread (the hash runs on another).
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "player/native/partial_file.h"
#include "player/native/piece_fetcher.h"
#include "player/native/prefix_hash.h"
#include "player/native/title_sink.h"
#include "runtime/system_clock.h"

namespace weir {

struct DownloadOptions {
  TitleLocation location;
  std::filesystem::path target;    // a folder: named after the title in it
  std::filesystem::path key_file;  // empty: the key is asked of the edges
  RenditionKind rendition = RenditionKind::kFile;
  FetchLimits limits;
  bool force = false;                                 // replace what stands at the target
  bool progress = true;                               // a bar, if stderr is a terminal
  std::function<void(const std::string&)> on_notice;  // what the user should know meanwhile
};

class Download {
 public:
  explicit Download(DownloadOptions options) : options_(std::move(options)) {}

  // After a failure what was fetched stays for the next run, and the error says so.
  Status run();

  // Valid after a run that went well.
  const TitleInfo& info() const noexcept { return title_->header.info; }
  const Rendition& rendition() const noexcept { return *rendition_; }
  const std::filesystem::path& target() const noexcept { return target_; }
  bool was_there() const noexcept { return was_there_; }       // the same file, before
  std::uint32_t resumed() const noexcept { return resumed_; }  // pieces of an earlier run
  double seconds() const;

  // At any time after run(), also when it failed.
  const std::vector<EdgeReport>& edges() const noexcept { return reports_; }

 private:
  void notice(const std::string& text) const;
  Status open();
  Result<bool> target_is_there();
  Status fetch();
  Status fetch_missing();
  Status check_whole();
  Result<bool> is_whole(bool first_look);
  Result<Digest> hash_of(const std::filesystem::path& path, std::uint64_t bytes);
  Result<Digest> hash_behind();
  Status kept(Status status);

  DownloadOptions options_;
  SystemClock clock_;
  std::chrono::steady_clock::time_point start_ = clock_.monotonic();
  std::optional<OpenTitle> title_;
  const Rendition* rendition_ = nullptr;
  std::filesystem::path target_;
  std::optional<PartialFile> file_;
  std::optional<TitleSink> sink_;
  std::optional<PrefixHash> hash_;
  std::vector<EdgeReport> reports_;
  std::uint32_t resumed_ = 0;
  bool was_there_ = false;
};

}  // namespace weir
