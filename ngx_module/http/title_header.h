// A title's header file, decoded, as a worker keeps it.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/title/header_file.h"

namespace weir::edge {

// Immutable once made: shared by the requests of one worker.
struct TitleHeader {
  explicit TitleHeader(HeaderFile decoded);

  // Index in the `ts` rendition.
  std::optional<std::uint32_t> find_segment(const Uuid& id) const noexcept;

  HeaderFile file;

 private:
  std::vector<std::pair<Uuid, std::uint32_t>> segments_;  // ascending
};

// Tells one state of a header file from the next: what the validators of the origin say, or the
// local file itself.
struct HeaderIdentity {
  std::string etag;
  std::uint64_t total = 0;
  std::uint64_t device = 0, inode = 0, mtime_ns = 0;  // local files
  friend bool operator==(const HeaderIdentity&, const HeaderIdentity&) = default;
};

// The headers one worker has decoded, least recently used given up first. One thread.
class HeaderCache {
 public:
  explicit HeaderCache(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

  std::shared_ptr<const TitleHeader> find(std::string_view key, const HeaderIdentity& identity);
  // `encoded_bytes`: of the header file; what it takes decoded is estimated from that. One too
  // large for the cache is not kept.
  void keep(std::string_view key, HeaderIdentity identity, std::size_t encoded_bytes,
            std::shared_ptr<const TitleHeader> header);

  std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Entry {
    std::string key;
    HeaderIdentity identity;
    std::size_t bytes = 0;
    std::shared_ptr<const TitleHeader> header;
  };
  void drop(std::list<Entry>::iterator entry);

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;  // latest first
  std::map<std::string, std::list<Entry>::iterator, std::less<>> by_key_;
};

// This worker's. The keys are the origin's names for the header files, made unique by their source.
HeaderCache& header_cache();

}  // namespace weir::edge
