#include "companions/splitter/packet_queue.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

AvPacketPtr packet_of(int size) {
  AvPacketPtr packet(av_packet_alloc());
  av_new_packet(packet.get(), size);
  return packet;
}

TEST(PacketQueue, GivesOutByTimeOnceEveryStreamHasShownOne) {
  PacketQueue queue(2);
  queue.push(0, 1000, packet_of(10));
  queue.push(0, 2000, packet_of(10));
  EXPECT_FALSE(queue.ready()) << "stream 1 may still come with something earlier";
  queue.push(1, 1500, packet_of(10));
  ASSERT_TRUE(queue.ready());
  EXPECT_EQ(queue.pop().time_us, 1000);
  ASSERT_TRUE(queue.ready());
  EXPECT_EQ(queue.pop().stream, 1U);
  EXPECT_FALSE(queue.ready());
  queue.end();
  ASSERT_TRUE(queue.ready());
  EXPECT_EQ(queue.pop().time_us, 2000);
  EXPECT_FALSE(queue.ready());
}

TEST(PacketQueue, ASilentStreamHoldsNothingBackForEver) {
  PacketQueue queue(2);
  queue.push(0, 0, packet_of(10));
  queue.push(0, 9'000'000, packet_of(10));
  EXPECT_FALSE(queue.ready());
  queue.push(0, 11'000'000, packet_of(10));
  EXPECT_TRUE(queue.ready()) << "by time";
}

TEST(PacketQueue, NorDoesItFillTheMemory) {
  PacketQueue queue(2);
  for (int i = 0; i < 40 && !queue.ready(); ++i) queue.push(0, i, packet_of(1 << 20));
  EXPECT_TRUE(queue.ready()) << "by bytes";
}

}  // namespace
}  // namespace weir
