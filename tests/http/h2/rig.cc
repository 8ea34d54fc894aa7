#include "tests/http/h2/rig.h"

namespace woad::h2test {
namespace {

void add_fields(Headers& headers, const FieldList& fields) {
  for (const auto& [name, value] : fields) headers.add(name, value);
}

std::string reset_line(ResetReason reason, std::string_view why) {
  return "reset " + std::string(to_string(reason)) + ": " + std::string(why) + "\n";
}

}  // namespace

std::string describe(const Headers& headers) {
  std::string out;
  for (const Header& field : headers) {
    out += ' ';
    out += field.name;
    out += '=';
    out += field.value;
  }
  return out;
}

std::string describe(const RequestHead& head) {
  std::string out(head.method_name);
  for (const std::string_view part : {head.scheme, head.authority, head.path}) {
    out += ' ';
    out += part.size() > 100 ? "long" : part;
  }
  if (head.content_length.has_value()) out += " length=" + std::to_string(*head.content_length);
  if (head.te_trailers) out += " te";
  if (head.expects_continue) out += " expect";
  return out + describe(head.headers);
}

std::string describe(const ResponseHead& head) {
  std::string out = std::to_string(head.status);
  if (head.content_length.has_value()) out += " length=" + std::to_string(*head.content_length);
  return out + describe(head.headers);
}

void World::pass(Duration time) {
  scheduler.advance(scheduler.now() + time);
  scheduler.end_turn();
}

Buffer World::bytes(std::string_view text) {
  Buffer buffer;
  buffer.append(blocks, text);
  return buffer;
}

void ServedStream::on_request(RequestHead& head, bool end) {
  log += "request " + describe(head) + (end ? " END\n" : "\n");
  if (then) then(*this);
}

void ServedStream::on_bad_request(RequestHead& head, LocalReply reply) {
  log += "bad " + std::to_string(reply.effective_status()) + " " + reply.details + " [" +
         std::string(head.method_name) + "]\n";
  respond(reply.effective_status(), true);
  release();
}

void ServedStream::on_data(Buffer&& data, bool end) {
  body += data.to_string();
  log += "data " + std::to_string(data.size()) + (end ? " END\n" : "\n");
}

void ServedStream::on_trailers(Headers& fields) { log += "trailers" + describe(fields) + "\n"; }

void ServedStream::on_reset(ResetReason reason, std::string_view why) {
  log += reset_line(reason, why);
  if (release_on_reset && writer != nullptr) release();
}

void ServedStream::respond(int status, bool end, const FieldList& fields,
                           std::optional<uint64_t> length) {
  ResponseHead head(own_arena);
  head.status = status;
  head.content_length = length;
  add_fields(head.headers, fields);
  writer->write_head(head, end, false);
}

void ServedStream::interim(int status) {
  ResponseHead head(own_arena);
  head.status = status;
  writer->write_interim(head);
}

void ServedStream::trailers(const FieldList& fields) {
  Headers headers(own_arena);
  add_fields(headers, fields);
  writer->write_trailers(headers);
}

void ServedStream::release(ResetReason reason) { std::exchange(writer, nullptr)->release(reason); }

ServerSide::ServerSide(World& of, const HttpLimits& limits)
    : world(of), peer(of.scheduler, of.blocks), transport(peer.connect()) {
  codec = std::make_unique<H2ServerCodec>(*transport, *this, world.context, limits);
  feed.codec = codec.get();
  transport->start(feed);
}

RequestSink& ServerSide::on_stream(ResponseWriter& writer) {
  ServedStream& stream = streams.emplace_back(world, writer);
  stream.then = on_each;
  return stream;
}

std::string ServerSide::output() {
  world.turn();
  return describe(reader, peer.take_received());
}

void ServerSide::send(std::string_view bytes) {
  peer.send(bytes);
  world.turn();
}

std::string ServerSide::logs() const {
  std::string all;
  for (const ServedStream& stream : streams) all += stream.log;
  return all;
}

void AskedStream::on_interim(ResponseHead& head) { log += "interim " + describe(head) + "\n"; }

void AskedStream::on_response(ResponseHead& head, bool end) {
  log += "response " + describe(head) + (end ? " END\n" : "\n");
}

void AskedStream::on_data(Buffer&& data, bool end) {
  body += data.to_string();
  log += "data " + std::to_string(data.size()) + (end ? " END\n" : "\n");
}

void AskedStream::on_trailers(Headers& fields) { log += "trailers" + describe(fields) + "\n"; }

void AskedStream::on_reset(ResetReason reason, std::string_view why) {
  log += reset_line(reason, why);
  if (release_on_reset && writer != nullptr) release();
}

void AskedStream::ask(std::string_view method, std::string_view path, bool end,
                      const FieldList& fields, std::optional<uint64_t> length) {
  RequestHead head(own_arena);
  head.method_name = method;
  head.method = method_of(method);
  head.authority = "a";
  head.path = path;
  head.content_length = length;
  add_fields(head.headers, fields);
  writer->write_head(head, end);
}

void AskedStream::trailers(const FieldList& fields) {
  Headers headers(own_arena);
  add_fields(headers, fields);
  writer->write_trailers(headers);
}

void AskedStream::release(ResetReason reason) { std::exchange(writer, nullptr)->release(reason); }

ClientSide::ClientSide(World& of, const HttpLimits& limits)
    : world(of), peer(of.scheduler, of.blocks), transport(peer.connect()) {
  codec = std::make_unique<H2ClientCodec>(*transport, *this, world.context, limits);
  feed.codec = codec.get();
  transport->start(feed);
}

AskedStream& ClientSide::open() {
  AskedStream& stream = streams.emplace_back(world);
  stream.writer = &codec->open_stream(stream);
  return stream;
}

std::string ClientSide::output() {
  world.turn();
  return describe(reader, peer.take_received());
}

void ClientSide::send(std::string_view bytes) {
  peer.send(bytes);
  world.turn();
}

void Pair::run() {
  for (;;) {
    world.turn();
    const std::string up = client.peer.take_received();
    const std::string down = server.peer.take_received();
    if (up.empty() && down.empty()) return;
    server.peer.send(up);
    client.peer.send(down);
  }
}

}  // namespace woad::h2test
