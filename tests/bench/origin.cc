// The origin of ./dev bench: an epoll loop that answers each HTTP/1 request on a kept-alive
// connection with N bytes, as cheaply as can be. It knows just enough HTTP for our own load.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, 1024) != 0) {
    std::exit(1);
  }
  return fd;
}

// How many requests end in `data`, which is cut behind the last of them. Requests have no body.
size_t take_requests(std::string& data) {
  size_t count = 0;
  size_t at = 0;
  for (size_t end = 0; (end = data.find("\r\n\r\n", at)) != std::string::npos; ++count) {
    at = end + 4;
  }
  data.erase(0, at);
  return count;
}

struct Peer {
  std::string in;
  std::string out;
};

class Server {
 public:
  Server(int port, size_t size)
      : listener_(listen_on(port)),
        epoll_(epoll_create1(0)),
        answer_("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                std::string(size, 'x')) {
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }

  void run() {
    std::array<epoll_event, 128> events{};
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == listener_) {
          accept_one();
        } else {
          serve(fd);
        }
      }
    }
  }

 private:
  void watch(int fd, uint32_t what, int operation) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept_one() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) {
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (peers_.size() <= static_cast<size_t>(fd)) {
      peers_.resize(static_cast<size_t>(fd) + 1);
    }
    peers_[static_cast<size_t>(fd)] = {};
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }

  void serve(int fd) {
    Peer& peer = peers_[static_cast<size_t>(fd)];
    std::array<char, 65536> buffer{};
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got == 0) {
      close(fd);
      return;
    }
    if (got > 0) {
      peer.in.append(buffer.data(), static_cast<size_t>(got));
    }
    for (size_t n = take_requests(peer.in); n > 0; --n) {
      peer.out += answer_;
    }
    const bool blocked = !peer.out.empty();
    if (blocked) {
      const ssize_t sent = send(fd, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        peer.out.erase(0, static_cast<size_t>(sent));
      }
      watch(fd, EPOLLIN | (peer.out.empty() ? 0U : static_cast<uint32_t>(EPOLLOUT)), EPOLL_CTL_MOD);
    }
  }

  int listener_;
  int epoll_;
  std::string answer_;
  std::vector<Peer> peers_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    return 2;
  }
  Server(std::atoi(argv[1]), static_cast<size_t>(std::atol(argv[2]))).run();
}
