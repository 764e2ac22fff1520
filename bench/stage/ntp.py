# Answers NTP requests (RFC 5905) from whatever address was asked, which takes IP_PKTINFO.
import socket

IP_PKTINFO = 8
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 25)
server.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
server.bind(("0.0.0.0", 123))
head = bytes([0x24, 2, 6, 0xE9]) + bytes(8) + b"LOCL" + bytes([0xEC, 0, 0, 0, 0, 0, 0, 0])
stamp = bytes([0xEC, 0, 0, 1, 0, 0, 0, 0])
while True:
    request, ancillary, _, peer = server.recvmsg(64, 64)
    source = next((data for level, kind, data in ancillary if kind == IP_PKTINFO), None)
    if len(request) < 48 or source is None:
        continue
    # The request's transmit timestamp is the reply's originate timestamp.
    reply = head + request[40:48] + stamp + stamp
    server.sendmsg([reply], [(socket.IPPROTO_IP, IP_PKTINFO, bytes(4) + source[8:12] + bytes(4))], 0, peer)
