// The other end of TLS in tests: plain OpenSSL that checks nothing and shows whatever it is given.
//
//   OpensslPeer client({.server = false, .certificate = leaf.certificate, .key = leaf.key});
//   client.talk(memory_peer, scheduler);   // until neither side has anything more to say
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/scheduler.h"
#include "tests/support/memory_transport.h"

namespace woad::test {

class OpensslPeer {
 public:
  struct Settings {
    bool server = false;
    std::string certificate = {};  // PEM chain; "": none
    std::string key = {};
    std::string alpn = {};   // wire form
    std::string picks = {};  // server: the protocol it answers with, offered or not
    std::string sni = {};    // client
    int min_version = 0;     // such as 0x0303; 0: OpenSSL's own
    int max_version = 0;
    std::string ciphers = {};  // of TLS 1.2
    std::string signatures = {};
    std::string groups = {};
    bool tickets = true;
  };

  explicit OpensslPeer(const Settings& settings);
  ~OpensslPeer();

  // Handshakes, reads, and carries bytes both ways over `wire` until nothing moves.
  void talk(MemoryPeer& wire, Scheduler& scheduler);

  // Ciphertext in and out, for tests that carry it themselves.
  void feed(std::string_view ciphertext);
  std::string take_output();
  // Handshakes and reads with what is there.
  void step();

  void write(std::string_view plaintext);
  void close();
  void update_key(bool ask_back);
  // TLS 1.2: asks for another handshake; whether it took place is renegotiated().
  void renegotiate();

  bool done() const;
  bool failed() const { return !error.empty(); }
  bool closed() const { return closed_; }  // close_notify came
  int renegotiations() const;
  std::string version() const;
  std::string cipher() const;
  std::string group() const;
  std::string alpn() const;
  std::string sni() const;  // server: what the client named
  bool peer_showed_certificate() const;
  bool was_offered_resumption() const;  // a ticket or a session id to come back with
  int authority_names() const;          // client: CAs named in the certificate request

  std::string received;  // plaintext
  int records_read = 0;  // of application data
  int key_updates = 0;   // received
  int alert_received = -1;
  int alert_sent = -1;
  std::string error;  // of the handshake or of a read

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  bool closed_ = false;
};

}  // namespace woad::test
