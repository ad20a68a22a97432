#include "posix/send_datagram.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "posix/unique_fd.h"

namespace syncline {

int SendDatagram(const std::string& path, const std::string& bytes) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return ENAMETOOLONG;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const UniqueFd socket_fd(socket(AF_UNIX, SOCK_DGRAM, 0));
  if (!socket_fd.Valid() || fcntl(socket_fd.Get(), F_SETFD, FD_CLOEXEC) != 0) {
    return errno;
  }
  const ssize_t sent = sendto(socket_fd.Get(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                              reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return sent < 0 ? errno : 0;
}

}  // namespace syncline
