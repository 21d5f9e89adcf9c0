// Takes a title's pieces as they arrive: checks hash and tags, opens what is sealed, and writes the
// plain bytes to their place in a PartialFile. Also checks the finished file against the header.
// One thread; the header, the key and the file outlive it.
#pragma once

#include <optional>

#include "core/title/header_file.h"
#include "crypto/content_key.h"
#include "crypto/piece_cipher.h"
#include "player/native/partial_file.h"
#include "player/native/piece_fetcher.h"

namespace weir {

// A title opened at its edges: what is needed to fetch and open its pieces.
struct OpenTitle {
  HeaderFile header;
  Digest header_sha256{};
  std::optional<ContentKey> key;  // set when the title is protected
};

class TitleSink final : public PieceSink {
 public:
  // `rendition` is one of the header's.
  TitleSink(const OpenTitle& title, const Rendition& rendition, PartialFile& file);

  Status take(std::uint32_t item, MutableBytes stored) override;
  std::size_t usable_prefix(std::uint32_t item, ByteView stored) override;
  bool proves(std::uint32_t item) const override { return rendition_.pieces[item].sealed; }

  // The media header's own bytes (`file` rendition). kKeyWrong, kHeaderCorrupt.
  Status write_media_header();

  // How far the file is whole from its start, once the media header is written.
  std::uint64_t whole_until();

  // Noted pieces whose bytes in the file are not what the header says, found by reading all of
  // them.
  Result<std::vector<std::uint32_t>> damaged_in_file();

 private:
  PieceCipher cipher_of(std::uint32_t item) const;

  const OpenTitle& title_;
  const Rendition& rendition_;
  PartialFile& file_;
  std::size_t front_ = 0;  // first piece not noted
};

}  // namespace weir
