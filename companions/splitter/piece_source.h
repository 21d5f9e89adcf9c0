// Where stored pieces come from: a library's pieces/ folder, or an edge. Threads may share one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/title/header_file.h"

namespace weir {

class PieceSource {
 public:
  virtual ~PieceSource() = default;
  // The stored bytes, of the length the header says. kPieceMissing, kPieceCorrupt (wrong length),
  // kIo, kOrigin... Messages name the piece and never hold a token.
  virtual Result<Bytes> fetch(const Piece& piece) = 0;
};

std::unique_ptr<PieceSource> pieces_in_folder(std::filesystem::path pieces);

// `base` is http(s)://HOST[:PORT][/~TOKEN]; pieces are BASE/p/UUID. kBadArgument for anything else.
Result<std::unique_ptr<PieceSource>> pieces_from_edge(const std::string& base);

// Where `header` lies in a library, its pieces lie in ../../pieces.
std::filesystem::path pieces_beside(const std::filesystem::path& header);

}  // namespace weir
