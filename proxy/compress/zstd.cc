#include "proxy/compress/zstd.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <memory>

namespace woad {
namespace {

// A skippable frame (RFC 9842 section 5).
constexpr std::string_view kDczMagic("\x5e\x2a\x4d\x18\x20\x00\x00\x00", 8);
constexpr size_t kHashBytes = 32;
// RFC 9842 section 5: a window of at least 8 MiB, or a quarter more than the dictionary, up to
// 128 MiB.
constexpr int kLeastWindow = 23;
constexpr int kMostWindow = 27;
constexpr int kLevel = 3;

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

int window_for(size_t bytes) {
  return std::clamp(static_cast<int>(std::bit_width(bytes + bytes / 4)), kLeastWindow, kMostWindow);
}

std::string compress(std::string_view bytes, std::string_view dictionary, std::string out) {
  const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  WOAD_ASSERT(context != nullptr);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  if (!dictionary.empty()) {
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_for(dictionary.size()));
    // Finds what is the same far back, which the level's own search would not.
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_enableLongDistanceMatching, 1);
    ZSTD_CCtx_refPrefix(context.get(), dictionary.data(), dictionary.size());
  }
  const size_t before = out.size();
  out.resize(before + ZSTD_compressBound(bytes.size()));
  const size_t written = ZSTD_compress2(context.get(), out.data() + before, out.size() - before,
                                        bytes.data(), bytes.size());
  WOAD_ASSERT(ZSTD_isError(written) == 0);
  out.resize(before + written);
  return out;
}

Result<std::string> decompress(std::string_view bytes, std::string_view dictionary, size_t most) {
  const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  WOAD_ASSERT(context != nullptr);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMostWindow);
  if (!dictionary.empty()) ZSTD_DCtx_refPrefix(context.get(), dictionary.data(), dictionary.size());
  std::string out;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  size_t left = 1;  // hints of what a frame still needs; 0 at its end
  while (left != 0) {
    const size_t had = out.size();
    out.resize(had + std::min(most - had + 1, ZSTD_DStreamOutSize()));
    ZSTD_outBuffer piece{out.data() + had, out.size() - had, 0};
    left = ZSTD_decompressStream(context.get(), &piece, &in);
    out.resize(had + piece.pos);
    if (ZSTD_isError(left) != 0) {
      return Error{std::string("cannot be unpacked: ") + ZSTD_getErrorName(left)};
    }
    if (out.size() > most) {
      return Error{"is over " + std::to_string(most) + " bytes when it is unpacked"};
    }
    if (left != 0 && piece.pos == 0 && in.pos == in.size) return Error{"is cut off"};
  }
  if (in.pos != in.size) return Error{"goes on behind its end"};
  return out;
}

}  // namespace

std::string zstd_compress(std::string_view bytes) { return compress(bytes, {}, {}); }

Result<std::string> zstd_decompress(std::string_view bytes, size_t most) {
  return decompress(bytes, {}, most);
}

std::string dcz_compress(std::string_view bytes, std::string_view dictionary,
                         std::string_view dictionary_sha256) {
  WOAD_ASSERT(dictionary_sha256.size() == kHashBytes);
  return compress(bytes, dictionary, std::string(kDczMagic).append(dictionary_sha256));
}

Result<std::string> dcz_decompress(std::string_view body, std::string_view dictionary,
                                   std::string_view dictionary_sha256, size_t most) {
  if (!body.starts_with(kDczMagic) || body.size() < kDczMagic.size() + kHashBytes) {
    return Error{"does not begin as dcz does (RFC 9842 section 5)"};
  }
  body.remove_prefix(kDczMagic.size());
  if (body.substr(0, kHashBytes) != dictionary_sha256) return Error{"is for another dictionary"};
  body.remove_prefix(kHashBytes);
  return decompress(body, dictionary, most);
}

}  // namespace woad
