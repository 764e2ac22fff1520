import type { Replies } from '../model/probe.ts'

/** The replies to one request, as they come. */
export interface Gathered {
  readonly replies: Replies
  add(reply: Buffer): void
}

/** Room for the 100 packets of 440 bytes that a full list of an NTP server's clients is. */
const mostPackets = 128
const mostBytes = 64 * 2 ** 10
const keptBytes = 8 * 2 ** 10

/** Counts replies, up to a cap, and keeps the first. */
export function gather(): Gathered {
  const first: Buffer[] = []
  let room = keptBytes
  let packets = 0
  let bytes = 0
  return {
    get replies() {
      return { first, packets, bytes, isCapped: packets >= mostPackets || bytes >= mostBytes }
    },
    add: (reply) => {
      packets++
      bytes += reply.length
      // A copy, where only a part is kept: a view would hold all of it.
      if (room > 0) first.push(reply.length > room ? Buffer.from(reply.subarray(0, room)) : reply)
      room -= reply.length
    },
  }
}
