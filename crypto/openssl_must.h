// For calls into OpenSSL that fail only when memory is gone or the library is broken: there is no
// way on from there that could be trusted. For crypto/*.cc alone.
#pragma once

namespace weir::openssl {

// Ends the process, naming what failed, unless `ok`.
void must(bool ok, const char* what) noexcept;

template <typename T>
T* must(T* pointer, const char* what) noexcept {
  must(pointer != nullptr, what);
  return pointer;
}

// Empties this thread's queue of OpenSSL errors. An entry left there by a refused key or tag would
// be taken by the next TLS call of the process for its own failure.
void forget_errors() noexcept;

}  // namespace weir::openssl
