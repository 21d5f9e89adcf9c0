// A sealed piece from a stranger: two bytes of length, one of what is done with the rest. What was
// sealed opens; whatever else is opened is refused, and leaves no plain bytes.
#include <algorithm>

#include "crypto/content_key.h"
#include "crypto/piece_cipher.h"
#include "t/fuzz/fuzz.h"

namespace weir {
namespace {

void try_piece(const PieceContext& context, ByteView body, std::uint8_t how) {
  static const ContentKey key = ContentKey::random();
  PieceCipher cipher(key, context);
  fuzz::must(!cipher.open(body), "nobody guesses a tag");
  if (body.size() == context.plain_bytes && !body.empty()) {
    Result<Bytes> sealed = cipher.seal(body);
    fuzz::must(sealed && sealed->size() == sealed_length(body.size()), "what fits is sealed");
    fuzz::must(std::ranges::equal(cipher.open(*sealed).value(), body), "and opens");
    (*sealed)[how % sealed->size()] ^= 1;
    fuzz::must(!cipher.open(*sealed), "a flipped bit is seen");
  }
  Bytes out(kRecordBytes, 0x55);
  const Status opened = cipher.open_record(how, body, out);
  fuzz::must(!opened, "nobody guesses a record's tag");
}

}  // namespace
}  // namespace weir

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::ByteReader in({data, size});
  weir::PieceContext context;
  context.title = "film";
  context.plain_bytes = in.u16();
  const std::uint8_t how = in.u8();
  if (!in.ok()) return 0;
  const weir::ByteView body = in.take(in.left());
  weir::try_piece(context, body, how);
  context.plain_bytes = body.size();
  weir::try_piece(context, body, how);
  (void)weir::ContentKey::parse(body);
  return 0;
}
