"""What containers run in these tests: `peer.py serve tcp|udp NAME` tells whoever comes to port 80 from where
it came; `peer.py ask HOST PORT` prints what such a one says; `peer.py find NAME` prints a name's addresses.
"""

import socket
import sys


def serve(protocol: str, name: str) -> None:
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    server = socket.socket(socket.AF_INET6, kind)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("::", 80))
    if kind == socket.SOCK_STREAM:
        server.listen()
    while True:
        if kind == socket.SOCK_STREAM:
            client, peer = server.accept()
            client.sendall(_words(name, peer))
            client.close()
        else:
            _, peer = server.recvfrom(1024)
            server.sendto(_words(name, peer), peer)


def ask(host: str, port: str) -> None:
    with socket.create_connection((host, int(port)), timeout=10) as client:
        print(client.recv(1024).decode())


def find(name: str) -> None:
    print(*sorted({found[4][0] for found in socket.getaddrinfo(name, None)}))


def _words(name: str, peer: tuple[str, int]) -> bytes:
    return f"{name} {peer[0].removeprefix('::ffff:')}".encode()


if __name__ == "__main__":
    verb, words = sys.argv[1], sys.argv[2:]
    if verb == "serve":
        serve(*words)
    elif verb == "ask":
        ask(*words)
    else:
        find(*words)
