// The library: DIR/titles/ID/header.enp and DIR/pieces/aa/UUID, which is exactly what `weir_root
// DIR` serves. A new revision of a title is prepared in DIR/.tmp-UUID and published in one step:
// pieces first, then the header by one rename, then the pieces of the revision it replaced go.
//
// What a killed process leaves is one .tmp-UUID folder, whose journal says which pieces it had
// begun to move; the next Staging on the same DIR clears it away. A flock on .tmp-UUID/lock tells a
// dead owner from a living one; a flock on DIR keeps two from publishing at once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/uuid.h"
#include "core/title/header_file.h"
#include "runtime/files.h"

namespace weir {

std::filesystem::path header_path(const std::filesystem::path& root, const std::string& title,
                                  const std::string& suffix);
std::filesystem::path piece_path(const std::filesystem::path& pieces, const Uuid& id);

// Reads and decodes a header file. kNotFound, kIo, kHeader...
Result<HeaderFile> load_header(const std::filesystem::path& path);

class Staging {
 public:
  // Makes `root` when it is missing (and takes it away again if nothing gets published).
  static Result<Staging> create(const std::filesystem::path& root);
  ~Staging();
  Staging(Staging&&) noexcept;
  Staging& operator=(Staging&&) = delete;

  const std::filesystem::path& folder() const noexcept { return folder_; }
  std::filesystem::path piece(const Uuid& id) const { return folder_ / id.to_string(); }

  struct Published {
    std::size_t removed_pieces = 0;  // of the revision before
    bool replaced = false;
  };
  // Everything in `header` must lie in folder(), complete. Makes it durable, then visible. When it
  // fails, the library is as it was. `keep_old` leaves the replaced revision's pieces.
  Result<Published> publish(const HeaderFile& header, ByteView encoded,
                            const std::filesystem::path& target, bool keep_old);

 private:
  Staging(std::filesystem::path root, std::filesystem::path folder, Fd lock) noexcept;
  Status make_folder(const std::filesystem::path& folder);
  Status move_pieces(const std::vector<Uuid>& pieces);
  void take_back(const std::vector<Uuid>& pieces) noexcept;
  void discard() noexcept;

  std::filesystem::path root_;
  std::filesystem::path folder_;
  Fd lock_;
  std::vector<std::filesystem::path> made_;  // folders that were not there before, outermost first
  bool published_ = false;
};

// Removes what dead processes left in `root`. Best effort.
void clear_stale(const std::filesystem::path& root) noexcept;

}  // namespace weir
