import { randomBytes } from 'node:crypto'
import { ipv4Bits } from '../model/address-set.ts'
import type { UdpCheck, UdpProbe } from '../model/probe.ts'
import type { Guard } from '../net/guard.ts'
import { openUdp, type UdpSocket } from '../net/udp.ts'
import { statusOfCode, type Exchanged } from './exchange.ts'
import { deadlines } from './fair-clock.ts'
import { gather, type Gathered } from './gather.ts'

/** `T`: what it is about. */
export interface Question<T> {
  readonly subject: T
  readonly asked: UdpProbe | UdpCheck
  /** Literal. */
  readonly address: string
  readonly port: number
  /** When it is given up, on the clock that `expire` is told. All questions have the same time. */
  readonly due: number
}

/** Questions by datagrams, and the replies that belong to them. */
export interface Datagrams<T> {
  /** @param now milliseconds since 1970 @throws OffScope before anything is sent */
  ask(question: Question<T>, now: number): void
  /** Ends what is due by now. */
  expire(now: number): void
  close(): void
}

interface Open<T> {
  readonly question: Question<T>
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
let taken = 0
function secret(): Buffer {
  if (taken === drawn.length) {
    drawn = randomBytes(1024 * secretBytes)
    taken = 0
  }
  taken += secretBytes
  return drawn.subarray(taken - secretBytes, taken)
}

/** A small number, where it can be: every datagram that comes is looked up. */
function keyOf(address: string): number | string {
  const bits = ipv4Bits(address)
  return bits === undefined ? address : bits | 0
}

/** How long replies to a check are gathered after the first, in milliseconds. */
const gatherMs = 1000

/**
 * One socket for all questions of a family, but for checks and for protocols that tie a reply to its request by little; a reply
 * belongs to a question when it comes from the very address and port that was asked, to the socket that asked, and carries what
 * the protocol ties it with. There is one question at a time to an address.
 */
export function openDatagrams<T>(
  guard: Guard,
  contact: string,
  onDone: (subject: T, result: Exchanged) => void,
): Datagrams<T> {
  const sockets = new Map<4 | 6, UdpSocket>()
  /** In the order they were asked in, so that the first is due first. */
  const open = new Map<number | string, Open<T>>()
  const gathering = deadlines<Open<T>>()
  let clock = 0

  const done = (each: Open<T>, result: Exchanged): void => {
    const { address, subject } = each.question
    each.isOver = true
    open.delete(keyOf(address))
    if (each.isOwn) each.socket.close()
    onDone(subject, result)
  }
  /** The question that something belongs to. */
  const find = (socket: UdpSocket, address: string, port: number): Open<T> | undefined => {
    const found = open.get(keyOf(address))
    return found?.socket === socket && found.question.port === port ? found : undefined
  }
  const hear = (each: Open<T>, bytes: Buffer): void => {
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
  const conclude = (each: Open<T>): void => {
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
        const found = find(made, address, port)
        if (found !== undefined) hear(found, bytes)
      },
      failed: (code, address, port) => {
        const found = find(made, address, port)
        if (found !== undefined) done(found, { status: statusOfCode(code) })
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
    ask: (question, now) => {
      const { asked, address, port } = question
      const request = asked.request(secret(), { contact })
      const family = address.includes(':') ? 6 : 4
      const isOwn = 'isReply' in asked || asked.ownSocket === true
      const socket = isOwn ? newSocket(family) : sharedSocket(family)
      const each: Open<T> = { question, request, socket, isOwn, isOver: false }
      open.set(keyOf(address), each)
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
