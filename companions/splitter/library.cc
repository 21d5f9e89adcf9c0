#include "companions/splitter/library.h"

#include <cerrno>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/content_key.h"
#include "runtime/atomic_file.h"

namespace weir {

namespace fs = std::filesystem;

namespace {

constexpr char kPrefix[] = ".tmp-";

std::vector<Uuid> pieces_of(const HeaderFile& header) {
  std::vector<Uuid> out;
  for (const Rendition& rendition : header.renditions) {
    for (const Piece& piece : rendition.pieces) out.push_back(piece.id);
  }
  return out;
}

// The journal: the header's path below root on the first line, then `new UUID` and `old UUID`
// lines.
std::string journal_text(const fs::path& target, const std::vector<Uuid>& fresh,
                         const std::vector<Uuid>& old) {
  std::string out = target.string() + "\n";
  for (const Uuid& id : fresh) out += "new " + id.to_string() + "\n";
  for (const Uuid& id : old) out += "old " + id.to_string() + "\n";
  return out + "end\n";
}

struct Journal {
  fs::path target;
  std::vector<Uuid> fresh, old;
};

bool read_journal(const fs::path& path, Journal& out) {
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line)) return false;
  out.target = line;
  while (std::getline(in, line)) {
    if (line == "end") return true;
    const auto id = line.size() > 4 ? Uuid::parse(std::string_view(line).substr(4)) : std::nullopt;
    if (!id) return false;
    (line.starts_with("new ") ? out.fresh : out.old).push_back(*id);
  }
  return false;  // not written to its end: nothing was moved yet
}

void remove_pieces(const fs::path& root, const std::vector<Uuid>& pieces) noexcept {
  for (const Uuid& id : pieces) ::unlink(piece_path(root / "pieces", id).c_str());
}

void clear_one(const fs::path& root, const fs::path& folder) {
  const Fd lock(::open((folder / "lock").c_str(), O_RDWR | O_CLOEXEC));
  // No lock file: made just now, or half removed. Only an old one is anybody's leftover.
  if (lock) {
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;  // its owner lives
  } else {
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(folder);
    if (age < std::chrono::minutes(1)) return;
  }
  Journal journal;
  if (read_journal(folder / "journal", journal)) {
    const auto header = load_header(journal.target);
    const std::vector<Uuid> current = header ? pieces_of(*header) : std::vector<Uuid>();
    const std::set<Uuid> in_use(current.begin(), current.end());
    const bool published = !journal.fresh.empty() && in_use.contains(journal.fresh.front());
    remove_pieces(root, published ? journal.old : journal.fresh);
  }
  fs::remove_all(folder);
}

Status sync_file_system(const fs::path& root) {
  const Fd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return tl::unexpected(file_error(errno, root, "cannot open"));
  // One call for thousands of pieces, and it reports what could not be written.
  if (::syncfs(fd.get()) != 0) return tl::unexpected(file_error(errno, root, "cannot sync"));
  return {};
}

}  // namespace

fs::path header_path(const fs::path& root, const std::string& title, const std::string& suffix) {
  return root / "titles" / title / ("header." + suffix);
}

fs::path piece_path(const fs::path& pieces, const Uuid& id) {
  const std::string name = id.to_string();
  return pieces / name.substr(0, 2) / name;
}

Result<HeaderFile> load_header(const fs::path& path) {
  const auto bytes = read_file(path, kMaxHeaderBytes);
  if (!bytes) {
    // A film in place of its header file is the usual mistake.
    std::error_code ignored;
    if (bytes.error().code == ErrorCode::kIo && fs::file_size(path, ignored) > kMaxHeaderBytes) {
      return fail(ErrorCode::kHeaderNotOne, path.string() + " is no header file");
    }
    return tl::unexpected(bytes.error());
  }
  auto header = HeaderFile::decode(*bytes);
  if (!header) {
    return fail(header.error().code, path.string() + ": " + header.error().detail);
  }
  return header;
}

Staging::Staging(fs::path root, fs::path folder, Fd lock) noexcept
    : root_(std::move(root)), folder_(std::move(folder)), lock_(std::move(lock)) {}

Staging::Staging(Staging&& other) noexcept
    : root_(std::move(other.root_)),
      folder_(std::exchange(other.folder_, {})),
      lock_(std::move(other.lock_)),
      made_(std::exchange(other.made_, {})),
      published_(other.published_) {}

Staging::~Staging() {
  discard();
}

void Staging::discard() noexcept {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
  folder_.clear();
  lock_.reset();
  if (published_) return;
  // rmdir leaves alone what somebody else has filled meanwhile.
  for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::rmdir(it->c_str());
  made_.clear();
}

Status Staging::make_folder(const fs::path& folder) {
  if (folder.empty() || ::access(folder.c_str(), F_OK) == 0) return {};
  if (auto parent = make_folder(folder.parent_path()); !parent) return parent;
  if (::mkdir(folder.c_str(), 0777) == 0) {
    made_.push_back(folder);
    return {};
  }
  if (errno == EEXIST) return {};
  return tl::unexpected(file_error(errno, folder, "cannot create"));
}

Result<Staging> Staging::create(const fs::path& root) {
  std::error_code why;
  const fs::path absolute = fs::absolute(root, why).lexically_normal();
  clear_stale(absolute);
  Staging out(absolute, {}, Fd());
  if (auto made = out.make_folder(absolute); !made) return tl::unexpected(made.error());
  if (!fs::is_directory(absolute)) {
    return tl::unexpected(file_error(ENOTDIR, absolute, "cannot use"));
  }
  const fs::path folder = absolute / (kPrefix + random_uuid().to_string());
  if (::mkdir(folder.c_str(), 0700) != 0) {
    return tl::unexpected(file_error(errno, folder, "cannot create"));
  }
  out.folder_ = folder;
  const fs::path lock = folder / "lock";
  out.lock_ = Fd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!out.lock_) return tl::unexpected(file_error(errno, lock, "cannot create"));
  if (::flock(out.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return tl::unexpected(file_error(errno, lock, "cannot lock"));
  }
  return out;
}

Status Staging::move_pieces(const std::vector<Uuid>& pieces) {
  for (const Uuid& id : pieces) {
    const fs::path target = piece_path(root_ / "pieces", id);
    if (auto made = make_folder(target.parent_path()); !made) return made;
    if (::rename(piece(id).c_str(), target.c_str()) != 0) {
      return tl::unexpected(file_error(errno, target, "cannot create"));
    }
  }
  return {};
}

void Staging::take_back(const std::vector<Uuid>& pieces) noexcept {
  remove_pieces(root_, pieces);
}

Result<Staging::Published> Staging::publish(const HeaderFile& header, ByteView encoded,
                                            const fs::path& target, bool keep_old) {
  const fs::path absolute = fs::absolute(target).lexically_normal();
  const std::vector<Uuid> fresh = pieces_of(header);
  const fs::path ready = folder_ / "header";
  if (auto wrote = write_atomically(ready, encoded); !wrote) return tl::unexpected(wrote.error());
  if (auto made = make_folder(absolute.parent_path()); !made) return tl::unexpected(made.error());

  const Fd root(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root || ::flock(root.get(), LOCK_EX) != 0) {
    return tl::unexpected(file_error(errno, root_, "cannot lock"));
  }
  Published out;
  std::vector<Uuid> old;
  if (const auto before = load_header(absolute)) old = pieces_of(*before);
  out.replaced = ::access(absolute.c_str(), F_OK) == 0;
  if (keep_old) old.clear();
  const std::string journal = journal_text(absolute, fresh, old);
  if (auto wrote = write_atomically(folder_ / "journal", as_bytes(journal), 0600); !wrote) {
    return tl::unexpected(wrote.error());
  }
  Status moved = sync_file_system(root_);
  if (moved) moved = move_pieces(fresh);
  // Names and folders of the pieces are durable before the header that speaks of them.
  if (moved) moved = sync_file_system(root_);
  if (moved && ::rename(ready.c_str(), absolute.c_str()) != 0) {
    moved = tl::unexpected(file_error(errno, absolute, "cannot create"));
  }
  if (!moved) {
    take_back(fresh);
    return tl::unexpected(moved.error());
  }
  published_ = true;
  if (auto synced = sync_directory(absolute.parent_path()); !synced) {
    return tl::unexpected(synced.error());
  }
  for (const Uuid& id : old) {
    if (::unlink(piece_path(root_ / "pieces", id).c_str()) == 0) ++out.removed_pieces;
  }
  return out;
}

void clear_stale(const fs::path& root) noexcept {
  try {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(root)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(kPrefix) && Uuid::parse(std::string_view(name).substr(5)) &&
          entry.is_directory()) {
        found.push_back(entry.path());
      }
    }
    for (const fs::path& folder : found) clear_one(root, folder);
  } catch (const std::exception&) {
    // Nobody's work depends on it; the next run tries again.
  }
}

}  // namespace weir
