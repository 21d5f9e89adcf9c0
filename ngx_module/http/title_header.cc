#include "ngx_module/http/title_header.h"

#include <algorithm>

namespace weir::edge {

namespace {

constexpr std::size_t kWorkerHeaderBytes = 64U << 20;

// A piece is about 110 bytes in the file and 150 in memory, and its segment's name is kept once
// more.
constexpr std::size_t memory_of(std::size_t encoded_bytes) noexcept {
  return encoded_bytes * 2 + 4096;
}

}  // namespace

TitleHeader::TitleHeader(HeaderFile decoded) : file(std::move(decoded)) {
  const Rendition* ts = file.find(RenditionKind::kTs);
  if (ts == nullptr) return;
  segments_.reserve(ts->pieces.size());
  for (const Piece& piece : ts->pieces) {
    segments_.emplace_back(piece.id, static_cast<std::uint32_t>(segments_.size()));
  }
  std::sort(segments_.begin(), segments_.end());
}

std::optional<std::uint32_t> TitleHeader::find_segment(const Uuid& id) const noexcept {
  const auto at =
      std::lower_bound(segments_.begin(), segments_.end(), id,
                       [](const auto& entry, const Uuid& key) { return entry.first < key; });
  if (at == segments_.end() || at->first != id) return std::nullopt;
  return at->second;
}

std::shared_ptr<const TitleHeader> HeaderCache::find(std::string_view key,
                                                     const HeaderIdentity& identity) {
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return nullptr;
  if (at->second->identity != identity) {
    drop(at->second);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, at->second);
  return at->second->header;
}

void HeaderCache::keep(std::string_view key, HeaderIdentity identity, std::size_t encoded_bytes,
                       std::shared_ptr<const TitleHeader> header) {
  if (const auto at = by_key_.find(key); at != by_key_.end()) drop(at->second);
  const std::size_t bytes = memory_of(encoded_bytes);
  if (bytes > max_bytes_) return;
  while (bytes_ + bytes > max_bytes_) drop(std::prev(entries_.end()));
  entries_.push_front({std::string(key), std::move(identity), bytes, std::move(header)});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
}

void HeaderCache::drop(std::list<Entry>::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

HeaderCache& header_cache() {
  static HeaderCache cache(kWorkerHeaderBytes);
  return cache;
}

}  // namespace weir::edge
