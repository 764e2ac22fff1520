import { expect } from 'vitest'
import type { Finding, Over, ProbeContext, TcpProbe, TlsFacts } from '../../src/model/probe.ts'

export interface Script {
  /** What the peer says, a piece at a time: each is heard when the probe asks to hear. */
  readonly says: readonly (Uint8Array | string)[]
  /** Why it then says nothing more; `closed` when absent. */
  readonly over?: Over
  /** Certificates of handshakes, in their order; a handshake without one fails. */
  readonly handshakes?: readonly TlsFacts[]
  readonly context?: Partial<ProbeContext>
}

export interface Conversed {
  readonly finding: Finding | undefined
  /** All that was sent, as latin1; `<TLS>` where TLS begins. */
  readonly sent: string
  /** The same, message by message. */
  readonly messages: readonly string[]
  /** How often it asked to hear. */
  readonly heard: number
}

const someone: ProbeContext = {
  address: '192.0.2.1',
  port: 0,
  contact: 'noc@example.net',
  from: '198.51.100.1',
  tls: undefined,
}

/** Leads a probe's conversation with a peer that says what a script says. */
export function converse(probe: TcpProbe, { says, over = 'closed', handshakes = [], context }: Script): Conversed {
  const talk = probe.talk({ ...someone, port: probe.ports[0] ?? 0, ...context })
  const pieces = [...says]
  const facts = [...handshakes]
  const messages: string[] = []
  let heard = 0
  let isSecuring = false
  let step = talk.next()
  while (step.done !== true) {
    const wish = step.value
    if (wish.kind === 'send') {
      messages.push(Buffer.from(wish.bytes).toString('latin1'))
      step = talk.next({ kind: 'over', why: 'closed' })
    } else if (wish.kind === 'secure') {
      messages.push('<TLS>')
      isSecuring = true
      step = talk.next({ kind: 'over', why: 'closed' })
    } else {
      heard++
      if (heard > 100_000) throw new Error('it asks to hear without end')
      if (isSecuring) {
        isSecuring = false
        const tls = facts.shift()
        step = talk.next(tls === undefined ? { kind: 'over', why: 'no-tls' } : { kind: 'secured', tls })
        continue
      }
      const piece = pieces.shift()
      step = talk.next(
        piece === undefined
          ? { kind: 'over', why: over }
          : { kind: 'bytes', bytes: Buffer.from(piece as string, 'latin1') },
      )
    }
  }
  return { finding: step.value, sent: messages.join(''), messages, heard }
}

/** A certificate's facts for handshakes. */
export const certificate = (names: readonly string[] = []): TlsFacts => ({
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  subject: names[0] === undefined ? '' : `CN=${names[0]}`,
  issuer: 'CN=Example CA',
  names,
  validFrom: '2026-01-01T00:00:00Z',
  validTo: '2027-01-01T00:00:00Z',
  sha256: '0'.repeat(64),
})

/**
 * Cuts a conversation at every byte, and feeds it a byte at a time: it must never throw, and cut into bytes it must find
 * what it found in whole pieces.
 */
export function tear(
  probe: TcpProbe,
  script: Script,
): { readonly bytewise: Conversed; readonly torn: readonly Conversed[] } {
  const whole = Buffer.concat(script.says.map((piece) => Buffer.from(piece as string, 'latin1')))
  const bytewise = converse(probe, { ...script, says: [...whole].map((byte) => Uint8Array.of(byte)) })
  const torn = Array.from({ length: whole.length }, (_, end) =>
    converse(probe, { ...script, says: end === 0 ? [] : [whole.subarray(0, end)] }),
  )
  return { bytewise, torn }
}

/** What tear() must show of a probe: the same finding byte by byte, and of what was cut off its own protocol or nothing. */
export function assertTears(probe: TcpProbe, script: Script): void {
  const whole = converse(probe, script)
  const { bytewise, torn } = tear(probe, script)
  expect(bytewise.finding).toEqual(whole.finding)
  expect(bytewise.sent).toBe(whole.sent)
  for (const { finding } of torn) expect([undefined, probe.id]).toContain(finding?.module)
  expect(torn[0]?.finding).toBeUndefined()
}
