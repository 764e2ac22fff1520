/* What ntpd replies to control messages (RFC 9327 §2) and to MON_GETLIST_1 (ntp_request.h), for tests to play it. */

/** The mode of a request: 3, 6 or 7. */
export const modeOf = (asked: Buffer): number => (asked[0] ?? 0) & 7

/** Responses to a control message: the data in fragments of so many bytes. */
export function controlled(asked: Buffer, data: string, fragment = 468): Buffer[] {
  const all = Buffer.from(data, 'latin1')
  const replies: Buffer[] = []
  for (let offset = 0; offset === 0 || offset < all.length; offset += fragment) {
    const part = all.subarray(offset, offset + fragment)
    // Data are filled up to 32 bits.
    const reply = Buffer.alloc(12 + Math.ceil(part.length / 4) * 4)
    asked.copy(reply, 0, 0, 12)
    reply[1] = 0x80 | (offset + fragment < all.length ? 0x20 : 0) | ((asked[1] ?? 0) & 0x1f)
    reply.writeUInt16BE(offset, 8)
    reply.writeUInt16BE(part.length, 10)
    part.copy(reply, 12)
    replies.push(reply)
  }
  return replies
}

/** Responses to a request for the clients: packets of six, each of 72 bytes. */
export const listed = (asked: Buffer, packets: number): Buffer[] =>
  Array.from({ length: packets }, (_, index) => {
    const reply = Buffer.alloc(8 + 6 * 72, index)
    reply[0] = 0x80 | (index < packets - 1 ? 0x40 : 0) | (asked[0] ?? 0)
    reply[1] = index & 0x7f
    asked.copy(reply, 2, 2, 4)
    reply.writeUInt16BE(6, 4)
    reply.writeUInt16BE(72, 6)
    return reply
  })
