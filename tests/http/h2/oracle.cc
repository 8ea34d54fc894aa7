#include "tests/http/h2/oracle.h"

#include <nghttp2/nghttp2.h>

#include <utility>

#include "proxy/base/strings.h"

namespace woad::h2test {
namespace {

std::string_view text_of(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv field_of(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

std::string Seen::text() const {
  std::string out = faults.empty() ? "accepted" : faults;
  if (head) out += ", head";
  if (length.has_value()) out += ", length " + std::to_string(*length);
  if (body > 0) out += ", body " + std::to_string(body);
  if (end) out += ", end";
  return out;
}

std::string faults_in(FrameReader& reader, std::string_view written) {
  std::string out;
  for (const Frame& frame : reader.read(written)) {
    if (frame.type == kRstStream) out += "RST_STREAM " + std::to_string(frame.word(0)) + ' ';
    if (frame.type == kGoaway) out += "GOAWAY " + std::to_string(frame.word(4)) + ' ';
  }
  return out;
}

struct Oracle::Callbacks {
  static Oracle& self(void* user) { return *static_cast<Oracle*>(user); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame*, void* user) {
    self(user).length_.reset();
    self(user).interim_ = false;
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name,
                       size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                       void* user) {
    const std::string_view field = text_of(name, name_size);
    const std::string_view text = text_of(value, value_size);
    if (field == "content-length") self(user).length_ = parse_decimal(text);
    if (field == ":status") self(user).interim_ = text.starts_with('1');
    return 0;
  }

  // RFC 9113 section 8.2.1: what nghttp2 would leave out makes the message malformed.
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const uint8_t*, size_t,
                               const uint8_t*, size_t, uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_data(nghttp2_session*, uint8_t, int32_t, const uint8_t*, size_t size, void* user) {
    self(user).seen_.body += size;
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Oracle& oracle = self(user);
    Seen& seen = oracle.seen_;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) seen.end = true;
    if (frame->hd.type != NGHTTP2_HEADERS || seen.head || oracle.interim_) return 0;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST && oracle.answers_early) {
      const nghttp2_nv status = field_of(":status", "200");
      nghttp2_submit_response(session, frame->hd.stream_id, &status, 1, nullptr);
    }
    seen.head = true;
    seen.length = oracle.length_;
    return 0;
  }
};

Oracle::Oracle(Side side) {
  using C = Callbacks;
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, C::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, C::on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, C::on_invalid_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, C::on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, C::on_frame);
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_stream_reset_rate_limit(options, 1 << 24, 1 << 24);
  nghttp2_option_set_max_continuations(options, SIZE_MAX);
  const auto make =
      side == Side::kServer ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
  make(&session_, callbacks, this, options);
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  serialise();
}

Oracle::~Oracle() { nghttp2_session_del(session_); }

void Oracle::ask(std::string_view method, bool end) {
  const nghttp2_nv fields[] = {field_of(":method", method), field_of(":scheme", "http"),
                               field_of(":authority", "a"), field_of(":path", "/")};
  nghttp2_data_provider never{};
  never.read_callback = [](nghttp2_session*, int32_t, uint8_t*, size_t, uint32_t*,
                           nghttp2_data_source*, void*) -> ssize_t { return NGHTTP2_ERR_DEFERRED; };
  asked_ = nghttp2_submit_request(session_, nullptr, fields, std::size(fields),
                                  end ? nullptr : &never, nullptr);
  serialise();
}

void Oracle::receive(std::string_view bytes) {
  const auto read = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (read < 0)
    seen_.faults += "nghttp2 gave up: " + std::string(nghttp2_strerror(static_cast<int>(read)));
  serialise();
}

Seen Oracle::take() { return std::exchange(seen_, {}); }

void Oracle::let_go() {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, asked_, NGHTTP2_CANCEL);
  serialise();
  take();
}

void Oracle::serialise() {
  const uint8_t* bytes = nullptr;
  for (;;) {
    const auto size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) return;
    seen_.faults += faults_in(reader_, text_of(bytes, static_cast<size_t>(size)));
  }
}

}  // namespace woad::h2test
