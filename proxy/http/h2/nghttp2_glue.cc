#include "proxy/http/h2/nghttp2_glue.h"

#include <algorithm>
#include <cstring>

#include "proxy/base/piece_pool.h"
#include "proxy/http/h2/session.h"

namespace woad {

struct Nghttp2Glue {
  static H2Session& self(void* user) { return *static_cast<H2Session*>(user); }
  static std::string_view text(nghttp2_rcbuf* bytes) {
    const nghttp2_vec view = nghttp2_rcbuf_get_buf(bytes);
    return {reinterpret_cast<const char*>(view.base), view.len};
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    // A push promised before our SETTINGS arrived: its fields belong to no request of ours.
    if (frame->hd.type != NGHTTP2_HEADERS) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return self(user).begin_block(frame->hd.stream_id);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf* name,
                       nghttp2_rcbuf* value, uint8_t, void* user) {
    return self(user).take_field(text(name), nghttp2_rcbuf_is_static(name) != 0, text(value),
                                 nghttp2_rcbuf_is_static(value) != 0);
  }

  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Session& session = self(user);
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS: session.end_block(end); break;
      case NGHTTP2_DATA:
        if (end) session.end_data(frame->hd.stream_id);
        break;
      case NGHTTP2_RST_STREAM: session.reset_received(frame->hd.stream_id); break;
      case NGHTTP2_GOAWAY: session.side_.on_peer_goaway(); break;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) session.side_.on_peer_settings();
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) session.side_.on_ping_ack();
        break;
      default: break;
    }
    return 0;
  }

  static int on_data_chunk(nghttp2_session*, uint8_t flags, int32_t id, const uint8_t* data,
                           size_t size, void* user) {
    self(user).take_data(id, {reinterpret_cast<const char*>(data), size},
                         (flags & NGHTTP2_FLAG_END_STREAM) != 0);
    return 0;
  }

  static int on_stream_close(nghttp2_session*, int32_t id, uint32_t error_code, void* user) {
    self(user).stream_closed(id, error_code);
    return 0;
  }

  static int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    self(user).invalid_frame(frame->hd.stream_id);
    return 0;
  }

  static int before_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Session& session = self(user);
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      session.reset_sending(frame->hd.stream_id);
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
      const auto* text = reinterpret_cast<const char*>(frame->goaway.opaque_data);
      return session.goaway_sending(frame->goaway.error_code,
                                    {text, text == nullptr ? 0 : frame->goaway.opaque_data_len});
    } else if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      if (H2Stream* stream = session.find(frame->hd.stream_id)) stream->head_leaves();
    }
    return 0;
  }

  static int on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool may_end = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      self(user).end_sent(frame->hd.stream_id);
    }
    return 0;
  }

  static int send_body(nghttp2_session*, nghttp2_frame*, const uint8_t* frame_header, size_t length,
                       nghttp2_data_source* source, void* user) {
    return self(user).send_body(*static_cast<H2Stream*>(source->ptr), frame_header, length);
  }

  static ssize_t read_body(nghttp2_session* session, int32_t id, uint8_t*, size_t length,
                           uint32_t* flags, nghttp2_data_source* source, void*) {
    H2Stream& stream = *static_cast<H2Stream*>(source->ptr);
    const size_t count = std::min(length, stream.queue.size());
    const bool ended = stream.sending >= H2Stream::Sending::kEnded;
    if (count == 0 && !ended) {
      stream.starved = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    if (count > 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (ended && count == stream.queue.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (stream.trailer_count > 0) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto* fields = reinterpret_cast<const nghttp2_nv*>(stream.trailers.data());
        nghttp2_submit_trailer(session, id, fields, stream.trailer_count);
        stream.trailer_count = 0;
        stream.trailers = Slice();
      }
    }
    return static_cast<ssize_t>(count);
  }

  static nghttp2_session_callbacks* callbacks() {
    nghttp2_session_callbacks* all = nullptr;
    WOAD_ASSERT(nghttp2_session_callbacks_new(&all) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(all, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(all, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, on_data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, on_stream_close);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(all, on_invalid_frame);
    nghttp2_session_callbacks_set_before_frame_send_callback(all, before_frame_send);
    nghttp2_session_callbacks_set_on_frame_send_callback(all, on_frame_send);
    nghttp2_session_callbacks_set_send_data_callback(all, send_body);
    return all;
  }

  // So many frames that a head which our limits refuse is refused by them, its stream alone (a
  // request's is read up to four times the limit): beyond these the whole connection ends, as a
  // flood. Sixteen times the limit, in the frames that we let in (RFC 9113 section 4.2): four times
  // for what is drained, and as much again because Huffman codes of up to 30 bits (RFC 7541
  // appendix B) may make it longer.
  static size_t continuations_for(const HttpLimits& limits) {
    constexpr size_t kFrameBytes = 16384;
    constexpr size_t kLeast = 8;
    return std::max(kLeast, 16 * limits.header_bytes / kFrameBytes);
  }

  static nghttp2_option* options(const HttpLimits& limits) {
    nghttp2_option* all = nullptr;
    WOAD_ASSERT(nghttp2_option_new(&all) == 0);
    nghttp2_option_set_no_auto_window_update(all, 1);
    nghttp2_option_set_no_closed_streams(all, 1);
    // MessageRules are ours.
    nghttp2_option_set_no_http_messaging(all, 1);
    // Our own budget counts resets, of either side, by limits.resets_per_second; nghttp2's must not
    // come first.
    nghttp2_option_set_stream_reset_rate_limit(all, 1 << 24, 1 << 24);
    nghttp2_option_set_max_outbound_ack(all, 200);
    nghttp2_option_set_max_settings(all, 32);
    nghttp2_option_set_max_continuations(all, continuations_for(limits));
    // The default 64 KiB would refuse what our own limits let in.
    nghttp2_option_set_max_send_header_block_length(all, 1 << 20);
    return all;
  }
};

namespace {

// nghttp2 copies it into the session.
nghttp2_mem memory_of(PiecePool& pieces) {
  nghttp2_mem memory{};
  memory.mem_user_data = &pieces;
  memory.malloc = [](size_t size, void* pool) { return static_cast<PiecePool*>(pool)->take(size); };
  memory.free = [](void* piece, void* pool) { static_cast<PiecePool*>(pool)->give(piece); };
  memory.calloc = [](size_t count, size_t size, void* pool) {
    return std::memset(static_cast<PiecePool*>(pool)->take(count * size), 0, count * size);
  };
  memory.realloc = [](void* piece, size_t size, void* pool) {
    return static_cast<PiecePool*>(pool)->resize(piece, size);
  };
  return memory;
}

}  // namespace

nghttp2_session* new_nghttp2_session(H2Session& owner, PiecePool& pieces, bool server) {
  nghttp2_session_callbacks* callbacks = Nghttp2Glue::callbacks();
  nghttp2_option* options = Nghttp2Glue::options(owner.limits());
  nghttp2_session* session = nullptr;
  nghttp2_mem memory = memory_of(pieces);
  const auto make = server ? nghttp2_session_server_new3 : nghttp2_session_client_new3;
  const int failed = make(&session, callbacks, &owner, options, &memory);
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  WOAD_ASSERT(failed == 0);
  return session;
}

nghttp2_data_provider body_of(H2Stream& stream) {
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = Nghttp2Glue::read_body;
  return provider;
}

}  // namespace woad
