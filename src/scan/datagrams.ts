import { randomBytes } from 'node:crypto'
import type { UdpProbe } from '../model/probe.ts'
import type { Guard } from '../net/guard.ts'
import { openUdp, type UdpSocket } from '../net/udp.ts'
import { statusOfCode, type Exchanged } from './exchange.ts'

export interface Question {
  readonly probe: UdpProbe
  /** Literal. */
  readonly address: string
  readonly port: number
  readonly contact: string
  /** When it is given up, on the clock that `expire` is told. */
  readonly due: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly onDone: (result: Exchanged) => void
}

/** Questions by datagrams, and the replies that belong to them. */
export interface Datagrams {
  /** @throws OffScope before anything is sent */
  ask(question: Question): void
  /** Gives up what is due by now. */
  expire(now: number): void
  close(): void
}

interface Open {
  readonly question: Question
  readonly request: Buffer
  readonly socket: UdpSocket
}

/**
 * One socket for all questions of a family, but for protocols that tie a reply to its request by little; a reply belongs to a
 * question when it comes from the very address and port that was asked, to the socket that asked, and carries what the
 * protocol ties it with. There is one question at a time to an address and port.
 */
export function openDatagrams(guard: Guard): Datagrams {
  const sockets = new Map<4 | 6, UdpSocket>()
  const open = new Map<string, Open>()
  const keyOf = (address: string, port: number): string => `${address} ${port}`

  const done = (key: string, result: Exchanged): void => {
    const found = open.get(key)
    open.delete(key)
    if (found?.question.probe.ownSocket === true) found.socket.close()
    found?.question.onDone(result)
  }
  const newSocket = (family: 4 | 6): UdpSocket => {
    const made: UdpSocket = openUdp(guard, family, {
      datagram: (bytes, address, port) => {
        const key = keyOf(address, port)
        const asked = open.get(key)
        if (asked?.socket !== made) return
        const finding = asked.question.probe.read(bytes, asked.request)
        if (finding !== undefined) done(key, { status: 'answered', finding })
      },
      failed: (code, address, port) => done(keyOf(address, port), { status: statusOfCode(code) }),
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
      const { probe, address, port, contact, now } = question
      const request = probe.request(randomBytes(16), { contact })
      const family = address.includes(':') ? 6 : 4
      const socket = probe.ownSocket === true ? newSocket(family) : sharedSocket(family)
      open.set(keyOf(address, port), { question, request, socket })
      socket.send(request, address, port, now)
    },
    // Questions have the same time each, so they are due in the order they were asked in.
    expire: (now) => {
      for (const [key, { question }] of open) {
        if (question.due > now) break
        done(key, { status: 'silent' })
      }
    },
    close: () => {
      for (const socket of [...[...open.values()].map((each) => each.socket), ...sockets.values()]) socket.close()
    },
  }
}
