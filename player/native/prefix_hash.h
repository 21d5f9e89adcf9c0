// SHA-256 of a file that grows from its start, on a thread of its own, so that a fetched film is
// hashed by the time its last piece is there. The owner says how far the file is whole; the thread
// reads behind it. The file outlives this; finish() may be called once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "player/native/partial_file.h"

namespace weir {

class PrefixHash {
 public:
  PrefixHash(const PartialFile& file, std::uint64_t bytes);
  ~PrefixHash();  // without waiting for the rest
  PrefixHash(const PrefixHash&) = delete;
  PrefixHash& operator=(const PrefixHash&) = delete;

  void reach(std::uint64_t end);  // bytes 0..end are whole and will not change
  std::uint64_t hashed() const;

  // Waits at most so long for the end; false: not yet.
  bool over_within(std::chrono::milliseconds time);
  Result<Digest> finish();  // waits until all bytes, which must have been reached, are hashed

 private:
  void run();
  Result<Digest> hash_all();

  const PartialFile& file_;
  const std::uint64_t bytes_;
  mutable std::mutex mutex_;
  std::condition_variable moved_, ended_;
  std::uint64_t end_ = 0, hashed_ = 0;
  bool stop_ = false, over_ = false;
  Result<Digest> result_ = fail(ErrorCode::kInternal, "not hashed");
  std::thread thread_;  // last: starts when all above is there
};

}  // namespace weir
