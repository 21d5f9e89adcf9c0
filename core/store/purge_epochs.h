// Purging in O(1), whatever it names and however much it is: a purge raises an epoch, and what was
// stored before it is no longer served. Nothing is searched; blocks go when they are next met.
//
// Every purge makes a new epoch (a number that only rises). An object keeps the epoch() that was
// current when its request was SENT to the origin, so that a purge in the middle of a fill counts.
// It is purged when one of its scopes - its URL, the directories above it, its tags, its title, all
// - has a later one. A hit on an object whose epoch is still epoch() needs no look at all; for
// others keep the last epoch at which verdict() was asked beside the object.
//
// Memory is fixed: bytes_for(buckets), 8 scopes a bucket. When a bucket is full its oldest epoch
// becomes the bucket's floor: from then on whatever hashes to this bucket counts as purged then. So
// a table that is too small purges too much (one in `buckets` of all objects), and never too
// little.
//
// Sequences: purges that come from elsewhere carry the number of a stream, so that they can be
// acknowledged, applied once, and replayed after a partition: acknowledged() is the highest number
// up to which all are applied. What comes early is applied at once. current() is false from the
// moment that numbers are known to be missing until they have come: objects stored before are not
// to be served without asking the origin in that time. When the stream no longer has them,
// everything is purged.
//
// Lies in memory shared between processes. All calls under the store's lock, but epoch() (atomic).
// A process killed in apply(): interrupted() is true, resume() finishes the work.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir {

enum class PurgeScope : std::uint8_t { kUrl = 1, kPrefix = 2, kTag = 3, kTitle = 4, kAll = 5 };

// Of a key, as the store spells it ("/a/b/c.mp4?x"). A prefix is cut back to its last "/", and to
// kMaxPrefixDepth directories: more is purged than was asked, never less.
inline constexpr std::size_t kMaxPrefixDepth = 16;
std::uint64_t purge_hash(PurgeScope scope, std::string_view text) noexcept;
std::string_view purgeable_prefix(std::string_view prefix) noexcept;

// One purge as it is applied, logged and restored. kAll: hash 0. kBucketFloor:
// hash is how many buckets there are, and which it is, 32 bits each.
struct PurgeRecord {
  static constexpr std::uint8_t kBucketFloor = 255;
  std::uint64_t epoch = 0;
  std::uint64_t hash = 0;
  std::uint64_t sequence = 0;      // of the stream; 0: a local one
  std::uint64_t acknowledged = 0;  // of the stream, with this one
  std::int64_t at = 0;             // seconds since 1970
  std::uint8_t scope = 0;          // PurgeScope, or kBucketFloor
  bool soft = false;               // stale from now on, instead of gone
  bool resets = false;             // `acknowledged` holds, also when it is lower than before
  friend bool operator==(const PurgeRecord&, const PurgeRecord&) = default;
};

// What of an object a purge can name. Hashes of tags and title come from purge_hash().
struct PurgeSubject {
  std::string_view key;
  std::span<const std::uint64_t> tags;
  std::optional<std::uint64_t> title;
};

enum class PurgeState : std::uint8_t { kValid, kStale, kGone };
struct PurgeVerdict {
  PurgeState state = PurgeState::kValid;
  std::int64_t stale_since = 0;  // of kStale: when it was softly purged
};

class PurgeEpochs {
 public:
  static constexpr std::size_t kScopesABucket = 8;

  static std::size_t bytes_for(std::uint32_t buckets) noexcept;
  // `region`: bytes_for(buckets) long, 8-byte aligned; buckets >= 1.
  static PurgeEpochs format(std::span<std::uint8_t> region, std::uint32_t buckets) noexcept;
  static std::optional<PurgeEpochs> attach(std::span<std::uint8_t> region) noexcept;

  std::uint64_t epoch() const noexcept;

  // A purge asked for here. Returns what to log.
  PurgeRecord purge(PurgeScope scope, std::string_view text, bool soft, std::int64_t now) noexcept;

  // A purge of the stream. nullopt: it is applied already (acknowledge it again).
  std::optional<PurgeRecord> apply(std::uint64_t sequence, PurgeScope scope, std::uint64_t hash,
                                   bool soft, std::int64_t now) noexcept;

  // What the stream says of itself, after a reconnect or now and then: its last number, and the
  // oldest that it can still give. A record when all had to be purged because numbers are lost for
  // good.
  std::optional<PurgeRecord> learn_stream(std::uint64_t last, std::uint64_t oldest,
                                          std::int64_t now) noexcept;
  std::uint64_t acknowledged() const noexcept;
  std::uint64_t missing_from() const noexcept;  // replay from here; 0: nothing is missing
  bool current() const noexcept { return missing_from() == 0; }

  PurgeVerdict verdict(const PurgeSubject& subject, std::uint64_t object_epoch) const noexcept;

  // After a restart: records of the log in its order, and the epoch of every object found there (a
  // new purge must be later than all of them). Until learn_stream() was called nobody knows what
  // was missed meanwhile: an edge that follows a stream serves nothing stored before that.
  void restore(const PurgeRecord& record) noexcept;
  void saw_object(std::uint64_t object_epoch) noexcept;
  // Records that restore() makes the same table of: for a snapshot of the log. The n-th, or nullopt
  // when there are no more; empty places are passed over with epoch 0.
  std::optional<PurgeRecord> record_at(std::size_t n) const noexcept;

  // Objects stored before this epoch are no longer held: purges up to it may be forgotten when room
  // is short.
  void forget_until(std::uint64_t oldest_object_epoch) noexcept;

  bool interrupted() const noexcept;
  void resume() noexcept;
  void pretend_interrupted() noexcept;  // for tests

 private:
  struct Mark;
  struct Bucket;
  struct Header;

  explicit PurgeEpochs(std::span<std::uint8_t> region) noexcept;
  PurgeRecord commit(PurgeRecord record) noexcept;
  void raise(const PurgeRecord& record) noexcept;
  void raise_in_bucket(const PurgeRecord& record) noexcept;
  void note_sequence(std::uint64_t sequence) noexcept;
  void acknowledge(std::uint64_t upto, bool resets) noexcept;
  void raise_epoch(std::uint64_t least) noexcept;
  Bucket& bucket_of(std::uint64_t hash) const noexcept;
  void look(std::uint64_t hash, std::uint64_t object_epoch, PurgeVerdict& out) const noexcept;

  Header* header_;
  std::span<Bucket> buckets_;
};

}  // namespace weir
