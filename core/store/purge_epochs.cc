#include "core/store/purge_epochs.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "core/store/use_sketch.h"

namespace weir {
namespace {

constexpr std::uint64_t kMagic = 0x5745495250555231;  // "WEIRPUR1"
constexpr std::size_t kRecordsABucket = (PurgeEpochs::kScopesABucket + 1) * 2;

std::string_view path_of(std::string_view key) noexcept {
  return key.substr(0, key.find('?'));
}

// Scope, then FNV-1a of the text, mixed. Two texts of one hash are purged together.
std::uint64_t hash_text(PurgeScope scope, std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U ^ static_cast<std::uint64_t>(scope);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  const std::uint64_t mixed = mix64(hash);
  return mixed != 0 ? mixed : 1;  // 0 marks an empty place
}

}  // namespace

// The latest purges of one scope.
struct PurgeEpochs::Mark {
  std::uint64_t hash;
  std::uint64_t hard;  // epochs; 0: none
  std::uint64_t soft;
  std::int64_t soft_at;  // when the latest soft one was
  std::int64_t hard_at;

  std::uint64_t latest() const noexcept { return std::max(hard, soft); }
  void raise(std::uint64_t epoch, bool is_soft, std::int64_t at) noexcept {
    if (is_soft && epoch > soft) {
      soft_at = at;
      soft = epoch;
    } else if (!is_soft && epoch > hard) {
      hard_at = at;
      hard = epoch;
    }
  }
  void judge(std::uint64_t object_epoch, PurgeVerdict& out) const noexcept {
    if (hard > object_epoch) {
      out.state = PurgeState::kGone;
    } else if (soft > object_epoch && out.state != PurgeState::kGone) {
      const bool first = out.state == PurgeState::kValid;
      out.stale_since = first ? soft_at : std::min(out.stale_since, soft_at);
      out.state = PurgeState::kStale;
    }
  }
};

struct PurgeEpochs::Bucket {
  Mark floor;  // counts for all that hashes here
  Mark marks[kScopesABucket];
};

struct PurgeEpochs::Header {
  std::uint64_t magic;
  std::uint64_t buckets;
  std::uint64_t epoch;
  std::uint64_t forgettable;   // no object is older
  std::uint64_t acknowledged;  // of the stream
  std::uint64_t ahead;         // bit i: acknowledged + 1 + i is applied as well
  std::uint64_t last_known;    // of the stream
  Mark all;
  std::uint32_t busy;
  std::uint8_t scope;  // of `work`, whose fields lie here one by one
  std::uint8_t soft;
  std::uint8_t resets;
  std::uint8_t unused;
  std::uint64_t work_epoch;
  std::uint64_t work_hash;
  std::uint64_t work_sequence;
  std::uint64_t work_acknowledged;
  std::int64_t work_at;
};

std::uint64_t purge_hash(PurgeScope scope, std::string_view text) noexcept {
  if (scope == PurgeScope::kAll) return 0;
  return hash_text(scope, scope == PurgeScope::kPrefix ? purgeable_prefix(text) : text);
}

std::string_view purgeable_prefix(std::string_view prefix) noexcept {
  prefix = path_of(prefix);
  std::size_t depth = 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < prefix.size() && depth < kMaxPrefixDepth; ++i) {
    if (prefix[i] != '/') continue;
    end = i + 1;
    ++depth;
  }
  return prefix.substr(0, end);
}

std::size_t PurgeEpochs::bytes_for(std::uint32_t buckets) noexcept {
  return sizeof(Header) + std::size_t{buckets} * sizeof(Bucket);
}

PurgeEpochs::PurgeEpochs(std::span<std::uint8_t> region) noexcept
    : header_(reinterpret_cast<Header*>(region.data())),
      buckets_(reinterpret_cast<Bucket*>(region.data() + sizeof(Header)), header_->buckets) {}

PurgeEpochs PurgeEpochs::format(std::span<std::uint8_t> region, std::uint32_t buckets) noexcept {
  std::memset(region.data(), 0, bytes_for(buckets));
  auto* header = reinterpret_cast<Header*>(region.data());
  header->buckets = buckets;
  header->epoch = 1;
  header->magic = kMagic;
  return PurgeEpochs(region);
}

std::optional<PurgeEpochs> PurgeEpochs::attach(std::span<std::uint8_t> region) noexcept {
  if (region.size() < sizeof(Header)) return std::nullopt;
  const auto* header = reinterpret_cast<const Header*>(region.data());
  if (header->magic != kMagic || header->buckets == 0 || header->buckets > ~std::uint32_t{0}) {
    return std::nullopt;
  }
  if (bytes_for(static_cast<std::uint32_t>(header->buckets)) != region.size()) return std::nullopt;
  return PurgeEpochs(region);
}

std::uint64_t PurgeEpochs::epoch() const noexcept {
  return std::atomic_ref(header_->epoch).load(std::memory_order_acquire);
}

PurgeEpochs::Bucket& PurgeEpochs::bucket_of(std::uint64_t hash) const noexcept {
  return buckets_[((hash >> 32) * buckets_.size()) >> 32];
}

// Written down before it is done, so that whoever comes after a kill can do it again.
PurgeRecord PurgeEpochs::commit(PurgeRecord record) noexcept {
  header_->scope = record.scope;
  header_->soft = record.soft ? 1 : 0;
  header_->work_epoch = record.epoch;
  header_->work_hash = record.hash;
  header_->work_sequence = record.sequence;
  header_->work_acknowledged = record.acknowledged;
  header_->work_at = record.at;
  header_->resets = record.resets ? 1 : 0;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::atomic_ref(header_->busy).store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  resume();
  record.acknowledged = header_->acknowledged;
  return record;
}

bool PurgeEpochs::interrupted() const noexcept {
  return std::atomic_ref(header_->busy).load(std::memory_order_relaxed) != 0;
}

void PurgeEpochs::pretend_interrupted() noexcept {
  header_->busy = 1;
}

void PurgeEpochs::resume() noexcept {
  if (!interrupted()) return;
  PurgeRecord record;
  record.epoch = header_->work_epoch;
  record.hash = header_->work_hash;
  record.at = header_->work_at;
  record.scope = header_->scope;
  record.soft = header_->soft != 0;
  raise(record);
  acknowledge(header_->work_acknowledged, header_->resets != 0);
  if (header_->work_sequence != 0) note_sequence(header_->work_sequence);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::atomic_ref(header_->busy).store(0, std::memory_order_relaxed);
}

void PurgeEpochs::raise(const PurgeRecord& record) noexcept {
  if (record.scope == static_cast<std::uint8_t>(PurgeScope::kAll)) {
    header_->all.raise(record.epoch, record.soft, record.at);
  } else if (record.scope == PurgeRecord::kBucketFloor) {
    // Of a table of another size nobody can tell which objects it meant.
    const bool ours = record.hash >> 32 == buckets_.size();
    Mark& floor =
        ours ? buckets_[(record.hash & 0xffffffffU) % buckets_.size()].floor : header_->all;
    floor.raise(record.epoch, record.soft, record.at);
  } else {
    raise_in_bucket(record);
  }
  // The epoch last: whoever still sees the old one has stored before this purge.
  raise_epoch(record.epoch);
}

void PurgeEpochs::raise_epoch(std::uint64_t least) noexcept {
  const std::uint64_t higher = std::max(epoch(), least);
  std::atomic_ref(header_->epoch).store(higher, std::memory_order_release);
}

void PurgeEpochs::saw_object(std::uint64_t object_epoch) noexcept {
  raise_epoch(object_epoch);
}

void PurgeEpochs::acknowledge(std::uint64_t upto, bool resets) noexcept {
  if (resets) {
    header_->ahead = 0;
    header_->last_known = upto;
    header_->acknowledged = upto;
  } else if (upto > header_->acknowledged) {
    const std::uint64_t by = upto - header_->acknowledged;
    header_->ahead = by < 64 ? header_->ahead >> by : 0;
    header_->acknowledged = upto;
    header_->last_known = std::max(header_->last_known, upto);
  }
}

void PurgeEpochs::raise_in_bucket(const PurgeRecord& record) noexcept {
  Bucket& bucket = bucket_of(record.hash);
  Mark* place = nullptr;
  for (Mark& mark : bucket.marks) {
    if (mark.hash == record.hash) {
      mark.raise(record.epoch, record.soft, record.at);
      return;
    }
    // Free places first, then the one that says least.
    if (place == nullptr || mark.latest() < place->latest()) place = &mark;
  }
  if (place->hash != 0 && place->latest() > header_->forgettable) {
    bucket.floor.raise(place->hard, false, place->hard_at);
    bucket.floor.raise(place->soft, true, place->soft_at);
  }
  // In this order, for whoever is killed between: floor, empty place, epochs, hash.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  *place = Mark{};
  std::atomic_signal_fence(std::memory_order_seq_cst);
  place->raise(record.epoch, record.soft, record.at);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  place->hash = record.hash;
}

PurgeRecord PurgeEpochs::purge(PurgeScope scope, std::string_view text, bool soft,
                               std::int64_t now) noexcept {
  PurgeRecord record;
  record.epoch = epoch() + 1;
  record.hash = purge_hash(scope, text);
  record.at = now;
  record.scope = static_cast<std::uint8_t>(scope);
  record.soft = soft;
  return commit(record);
}

std::optional<PurgeRecord> PurgeEpochs::apply(std::uint64_t sequence, PurgeScope scope,
                                              std::uint64_t hash, bool soft,
                                              std::int64_t now) noexcept {
  if (sequence <= header_->acknowledged) return std::nullopt;
  const std::uint64_t ahead = sequence - header_->acknowledged - 1;
  if (ahead < 64 && (header_->ahead >> ahead & 1) != 0) return std::nullopt;
  PurgeRecord record;
  record.epoch = epoch() + 1;
  record.hash = hash;
  record.sequence = sequence;
  record.at = now;
  record.scope = static_cast<std::uint8_t>(scope);
  record.soft = soft;
  return commit(record);
}

// What is more than 64 ahead is applied, but not remembered: it is applied again when it is
// replayed.
void PurgeEpochs::note_sequence(std::uint64_t sequence) noexcept {
  header_->last_known = std::max(header_->last_known, sequence);
  if (sequence <= header_->acknowledged) return;
  const std::uint64_t ahead = sequence - header_->acknowledged - 1;
  if (ahead < 64) header_->ahead |= std::uint64_t{1} << ahead;
  while ((header_->ahead & 1) != 0) {
    header_->ahead >>= 1;
    ++header_->acknowledged;
  }
}

std::optional<PurgeRecord> PurgeEpochs::learn_stream(std::uint64_t last, std::uint64_t oldest,
                                                     std::int64_t now) noexcept {
  // A stream that is shorter than what was applied has been made anew: its numbers say nothing of
  // what was missed.
  const bool remade = last < header_->acknowledged;
  const bool lost = oldest > header_->acknowledged + 1 && last > header_->acknowledged;
  header_->last_known = std::max(header_->last_known, last);
  if (!remade && !lost) return std::nullopt;
  PurgeRecord record;
  record.epoch = epoch() + 1;
  record.acknowledged = last;
  record.at = now;
  record.scope = static_cast<std::uint8_t>(PurgeScope::kAll);
  record.resets = true;
  return commit(record);
}

std::uint64_t PurgeEpochs::acknowledged() const noexcept {
  return header_->acknowledged;
}

std::uint64_t PurgeEpochs::missing_from() const noexcept {
  return header_->last_known > header_->acknowledged ? header_->acknowledged + 1 : 0;
}

void PurgeEpochs::look(std::uint64_t hash, std::uint64_t object_epoch,
                       PurgeVerdict& out) const noexcept {
  const Bucket& bucket = bucket_of(hash);
  bucket.floor.judge(object_epoch, out);
  for (const Mark& mark : bucket.marks) {
    if (mark.hash == hash) mark.judge(object_epoch, out);
  }
}

PurgeVerdict PurgeEpochs::verdict(const PurgeSubject& subject,
                                  std::uint64_t object_epoch) const noexcept {
  PurgeVerdict out;
  if (object_epoch >= epoch()) return out;
  header_->all.judge(object_epoch, out);
  look(hash_text(PurgeScope::kUrl, subject.key), object_epoch, out);
  const std::string_view path = path_of(subject.key);
  std::size_t depth = 0;
  for (std::size_t i = 0; i < path.size() && depth < kMaxPrefixDepth; ++i) {
    if (path[i] != '/') continue;
    look(hash_text(PurgeScope::kPrefix, path.substr(0, i + 1)), object_epoch, out);
    ++depth;
  }
  for (const std::uint64_t tag : subject.tags) look(tag, object_epoch, out);
  if (subject.title) look(*subject.title, object_epoch, out);
  return out;
}

void PurgeEpochs::restore(const PurgeRecord& record) noexcept {
  if (record.epoch != 0) {
    commit(record);
  } else {
    acknowledge(record.acknowledged, record.resets);
  }
}

std::optional<PurgeRecord> PurgeEpochs::record_at(std::size_t n) const noexcept {
  constexpr auto kAllScope = static_cast<std::uint8_t>(PurgeScope::kAll);
  const bool soft = n % 2 == 1;
  const auto of = [&](const Mark& mark, std::uint64_t hash, std::uint8_t scope) {
    PurgeRecord record;
    record.epoch = soft ? mark.soft : mark.hard;
    record.hash = hash;
    record.at = soft ? mark.soft_at : mark.hard_at;
    record.scope = scope;
    record.soft = soft;
    record.acknowledged = header_->acknowledged;
    return record;
  };
  if (n < 2) {
    PurgeRecord record = of(header_->all, 0, kAllScope);
    record.resets = true;
    return record;
  }
  n -= 2;
  const std::size_t bucket = n / kRecordsABucket;
  if (bucket >= buckets_.size()) return std::nullopt;
  const std::size_t place = n % kRecordsABucket / 2;
  if (place == 0) {
    return of(buckets_[bucket].floor, std::uint64_t{buckets_.size()} << 32 | bucket,
              PurgeRecord::kBucketFloor);
  }
  const Mark& mark = buckets_[bucket].marks[place - 1];
  return of(mark, mark.hash, static_cast<std::uint8_t>(PurgeScope::kUrl));
}

void PurgeEpochs::forget_until(std::uint64_t oldest_object_epoch) noexcept {
  header_->forgettable = std::max(header_->forgettable, oldest_object_epoch);
}

}  // namespace weir
