#include "proxy/net/tls/bio.h"

#include <algorithm>
#include <cstring>

namespace woad {
namespace {

TlsEnds& ends_of(BIO* bio) { return *static_cast<TlsEnds*>(BIO_get_data(bio)); }

int read_some(BIO* bio, char* to, size_t room, size_t* count) {
  Buffer& input = ends_of(bio).input;
  BIO_clear_retry_flags(bio);
  *count = 0;
  while (room > 0 && !input.empty()) {
    const size_t piece = std::min(room, input.front().size());
    std::memcpy(to, input.front().data(), piece);
    input.consume(piece);
    to += piece;
    room -= piece;
    *count += piece;
  }
  if (*count == 0) BIO_set_retry_read(bio);
  return *count > 0 ? 1 : 0;
}

// A record and its header are a little longer than the block of 16 KiB.
int write_all(BIO* bio, const char* from, size_t size, size_t* count) {
  TlsEnds& ends = ends_of(bio);
  BIO_clear_retry_flags(bio);
  *count = size;
  while (size > 0) {
    const size_t piece = std::min<size_t>(size, BlockPool::kSizes[2]);
    std::memcpy(ends.lower.output().reserve(ends.blocks, piece), from, piece);
    ends.lower.output().commit(piece);
    from += piece;
    size -= piece;
  }
  return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace

BioMethodPtr make_tls_bio_method() {
  BioMethodPtr method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "woad"));
  WOAD_ASSERT(method != nullptr);
  BIO_meth_set_read_ex(method.get(), read_some);
  BIO_meth_set_write_ex(method.get(), write_all);
  BIO_meth_set_ctrl(method.get(), control);
  return method;
}

BIO* make_tls_bio(const BioMethodPtr& method, TlsEnds& ends) {
  BIO* const bio = BIO_new(method.get());
  WOAD_ASSERT(bio != nullptr);
  BIO_set_data(bio, &ends);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace woad
