// SHA-256, incremental and at once.
#pragma once

#include <memory>

#include "core/base/bytes.h"

struct evp_md_ctx_st;

namespace weir {

Digest sha256(ByteView data);

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteView data);
  Digest finish();  // once; the object is then spent, until restart()
  void restart();   // as new, without its allocations

 private:
  struct Free {
    void operator()(evp_md_ctx_st* ctx) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> ctx_;
};

}  // namespace weir
