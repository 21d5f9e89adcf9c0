#include "core/store/object_index.h"

#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

// The heap with a limit, so that a full zone can be played.
class LimitedHeap final : public IndexAllocator {
 public:
  ~LimitedHeap() override {
    for (void* p : held_) std::free(p);
  }
  void* allocate(std::size_t bytes) noexcept override {
    if (left_ < bytes) return nullptr;
    left_ -= bytes;
    void* p = std::malloc(bytes);
    held_.insert(p);
    return p;
  }
  void release(void* p) noexcept override {
    EXPECT_EQ(held_.erase(p), 1U);
    std::free(p);
  }
  std::size_t left_ = 1 << 20;
  std::size_t held() const { return held_.size(); }

 private:
  std::set<void*> held_;
};

class ObjectIndexTest : public testing::Test {
 protected:
  LimitedHeap heap_;
  ObjectIndex* index_ = ObjectIndex::create(heap_, 10, 42);

  ObjectEntry* insert(std::string_view key, std::int64_t now = 0) {
    return index_->insert(heap_, key, now);
  }
  // Those in the index, oldest first.
  std::vector<std::string> order() const {
    std::vector<std::string> keys;
    for (ObjectEntry* e = index_->oldest(); e != nullptr; e = ObjectIndex::next_newer(e)) {
      keys.emplace_back(e->key, e->key_length);
    }
    return keys;
  }
};

TEST_F(ObjectIndexTest, FindsWhatWasInserted) {
  std::vector<ObjectEntry*> entries;
  for (std::size_t i = 0; i < 300; ++i) entries.push_back(insert("/p/" + std::to_string(i)));
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(index_->find("/p/" + std::to_string(i)), entries[i]);
  }
  EXPECT_EQ(index_->find("/p/300"), nullptr);
  EXPECT_EQ(index_->find(""), nullptr);
  EXPECT_EQ(index_->size(), 300U);
}

TEST_F(ObjectIndexTest, AnEntryBeginsAwaitingItsHeader) {
  const ObjectEntry* entry = insert("a");
  EXPECT_EQ(entry->state, ObjectState::kAwaitingHeader);
  EXPECT_EQ(entry->total, kUnknownTotal);
  EXPECT_EQ(entry->fill.pos, 0U);
  EXPECT_EQ(entry->fill.owner, -1);
}

TEST_F(ObjectIndexTest, OrdersByUse) {
  ObjectEntry* a = insert("a");
  insert("b");
  ObjectEntry* c = insert("c");
  index_->touch(a, 1);
  index_->touch(c, 2);
  index_->touch(c, 3);
  EXPECT_EQ(order(), (std::vector<std::string>{"b", "a", "c"}));
  index_->demote(c);
  index_->demote(c);
  EXPECT_EQ(order(), (std::vector<std::string>{"c", "b", "a"}));
  index_->remove(heap_, a, 4);
  EXPECT_EQ(order(), (std::vector<std::string>{"c", "b"}));
  EXPECT_EQ(index_->find("a"), nullptr);
}

TEST_F(ObjectIndexTest, AReusedEntryHasAnotherSerial) {
  ObjectEntry* a = insert("a");
  const std::uint64_t serial = a->serial;
  index_->remove(heap_, a, 0);
  EXPECT_EQ(a->serial, serial) << "whoever follows it still knows it";
  EXPECT_EQ(insert("b"), a);
  EXPECT_NE(a->serial, serial);
}

TEST_F(ObjectIndexTest, AFailedEntryRestsSoThatItsEndCanBeRead) {
  ObjectEntry* a = insert("a", 100);
  a->state = ObjectState::kFailed;
  index_->remove(heap_, a, 100);
  EXPECT_NE(insert("b", 101), a);
  EXPECT_EQ(a->state, ObjectState::kFailed);
  EXPECT_EQ(insert("c", 100 + ObjectIndex::kQuarantine), a);
}

TEST_F(ObjectIndexTest, TellsWhenMemoryIsOut) {
  insert("a");
  const std::size_t held = heap_.held();
  heap_.left_ = 100;  // a key, but no entry
  EXPECT_EQ(insert("b"), nullptr);
  EXPECT_EQ(heap_.held(), held);
  EXPECT_EQ(index_->size(), 1U);
  // One that rests is better than none.
  ObjectEntry* a = index_->find("a");
  a->state = ObjectState::kFailed;
  index_->remove(heap_, a, 0);
  EXPECT_EQ(insert("b", 1), a);
}

TEST(ObjectState, HasOneOrder) {
  EXPECT_TRUE(may_become(ObjectState::kFree, ObjectState::kAwaitingHeader));
  EXPECT_TRUE(may_become(ObjectState::kFilling, ObjectState::kDone));
  EXPECT_FALSE(may_become(ObjectState::kAwaitingHeader, ObjectState::kDone));
  EXPECT_FALSE(may_become(ObjectState::kDone, ObjectState::kFailed));
  EXPECT_FALSE(may_become(ObjectState::kFailed, ObjectState::kFilling));
}

TEST(ObjectMeta, OneVersionHasOneValidator) {
  ObjectMeta a;
  ObjectMeta b;
  EXPECT_FALSE(same_version(a, b)) << "without a validator nothing is known";
  a.last_modified = b.last_modified = 5;
  EXPECT_TRUE(same_version(a, b));
  a.etag.assign("\"1\"");
  EXPECT_FALSE(same_version(a, b));
  b.etag.assign("\"1\"");
  b.last_modified = 6;
  EXPECT_TRUE(same_version(a, b)) << "the ETag is the stronger one";
}

}  // namespace
}  // namespace weir
