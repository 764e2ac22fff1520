import { randomBytes } from 'node:crypto'
import type { UdpCheck, UdpProbe } from '../model/probe.ts'
import type { Guard } from '../net/guard.ts'
import { openUdp, type UdpSocket } from '../net/udp.ts'
import { statusOfCode, type Exchanged } from './exchange.ts'
import { deadlines } from './fair-clock.ts'
import { gather, type Gathered } from './gather.ts'

export interface Question {
  readonly asked: UdpProbe | UdpCheck
  /** Literal. */
  readonly address: string
  readonly port: number
  readonly contact: string
  /** When it is given up, on the clock that `expire` is told. All questions have the same time. */
  readonly due: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly onDone: (result: Exchanged) => void
}

/** Questions by datagrams, and the replies that belong to them. */
export interface Datagrams {
  /** @throws OffScope before anything is sent */
  ask(question: Question): void
  /** Ends what is due by now. */
  expire(now: number): void
  close(): void
}

interface Open {
  readonly question: Question
  readonly request: Buffer
  readonly socket: UdpSocket
  readonly isOwn: boolean
  /** The replies to a check, from the first on. */
  gathered?: Gathered
  isOver: boolean
}

/** 16 bytes that no one else can know: drawn by the thousand, as a draw costs as much as a datagram. */
const secretBytes = 16
let drawn = Buffer.alloc(0)
function secret(): Buffer {
  if (drawn.length < secretBytes) drawn = randomBytes(1024 * secretBytes)
  const taken = drawn.subarray(0, secretBytes)
  drawn = drawn.subarray(secretBytes)
  return taken
}

/** How long replies to a check are gathered after the first, in milliseconds. */
const gatherMs = 1000

/**
 * One socket for all questions of a family, but for checks and for protocols that tie a reply to its request by little; a reply
 * belongs to a question when it comes from the very address and port that was asked, to the socket that asked, and carries what
 * the protocol ties it with. There is one question at a time to an address and port.
 */
export function openDatagrams(guard: Guard): Datagrams {
  const sockets = new Map<4 | 6, UdpSocket>()
  /** In the order they were asked in, so that the first is due first. */
  const open = new Map<string, Open>()
  const gathering = deadlines<Open>()
  let clock = 0
  const keyOf = (address: string, port: number): string => `${address} ${port}`

  const done = (each: Open, result: Exchanged): void => {
    const { address, port, onDone } = each.question
    each.isOver = true
    open.delete(keyOf(address, port))
    if (each.isOwn) each.socket.close()
    onDone(result)
  }
  const hear = (each: Open, bytes: Buffer): void => {
    const { asked } = each.question
    if (!('isReply' in asked)) {
      const finding = asked.read(bytes, each.request)
      if (finding !== undefined) done(each, { status: 'answered', finding })
    } else if (asked.isReply(bytes, each.request)) {
      if (each.gathered === undefined) gathering.add(each, clock + gatherMs)
      each.gathered ??= gather()
      each.gathered.add(bytes)
      if (each.gathered.replies.isCapped) conclude(each)
    }
  }
  /** Nothing more is heard. */
  const conclude = (each: Open): void => {
    const { asked } = each.question
    if (each.gathered === undefined || !('isReply' in asked)) done(each, { status: 'silent' })
    else {
      const finding = { module: asked.probe, ...asked.read(each.gathered.replies, each.request) }
      done(each, { status: 'answered', finding })
    }
  }
  const newSocket = (family: 4 | 6): UdpSocket => {
    const made: UdpSocket = openUdp(guard, family, {
      datagram: (bytes, address, port) => {
        const found = open.get(keyOf(address, port))
        if (found?.socket === made) hear(found, bytes)
      },
      failed: (code, address, port) => {
        const found = open.get(keyOf(address, port))
        if (found?.socket === made) done(found, { status: statusOfCode(code) })
      },
    })
    return made
  }
  const sharedSocket = (family: 4 | 6): UdpSocket => {
    const found = sockets.get(family) ?? newSocket(family)
    sockets.set(family, found)
    return found
  }
  return {
    ask: (question) => {
      const { asked, address, port, contact, now } = question
      const request = asked.request(secret(), { contact })
      const family = address.includes(':') ? 6 : 4
      const isOwn = 'isReply' in asked || asked.ownSocket === true
      const socket = isOwn ? newSocket(family) : sharedSocket(family)
      const each: Open = { question, request, socket, isOwn, isOver: false }
      open.set(keyOf(address, port), each)
      socket.send(request, address, port, now)
    },
    expire: (now) => {
      clock = now
      for (const each of open.values()) {
        if (each.question.due > now) break
        if (each.gathered === undefined) conclude(each)
      }
      gathering.expire(
        now,
        ({ isOver }) => isOver,
        (each) => {
          conclude(each)
          return true
        },
      )
    },
    close: () => {
      for (const socket of [...[...open.values()].map((each) => each.socket), ...sockets.values()]) socket.close()
    },
  }
}
