#include "posix/send_datagram.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "posix/unique_fd.h"

namespace syncline {
namespace {

UniqueFd BoundSocket(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM, 0));
  REQUIRE(bind(fd.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

TEST_CASE("a datagram reaches the socket whole, and nobody there is an error that says so") {
  char directory[] = "/tmp/syncline-socket-XXXXXX";
  REQUIRE(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/log";
  {
    const UniqueFd receiver = BoundSocket(path);
    CHECK(SendDatagram(path, std::string("<14>a\0b", 7)) == 0);
    char bytes[64];
    CHECK(recv(receiver.Get(), bytes, sizeof bytes, 0) == 7);
    CHECK(std::memcmp(bytes, "<14>a\0b", 7) == 0);
  }
  CHECK(SendDatagram(path, "x") == ECONNREFUSED);
  unlink(path.c_str());
  CHECK(SendDatagram(path, "x") == ENOENT);
  CHECK(SendDatagram(std::string(200, 'a'), "x") == ENAMETOOLONG);
  rmdir(directory);
}

TEST_CASE("a receiver that does not read does not hold us up") {
  char directory[] = "/tmp/syncline-socket-XXXXXX";
  REQUIRE(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/log";
  const UniqueFd receiver = BoundSocket(path);
  int result = 0;
  for (int count = 0; count < 100'000 && result == 0; ++count) {
    result = SendDatagram(path, "x");
  }
  CHECK((result == EAGAIN || result == ENOBUFS));
  unlink(path.c_str());
  rmdir(directory);
}

}  // namespace
}  // namespace syncline
