import { expect, test } from 'vitest'
import type { ProbeContext, TcpProbe } from '../../src/model/probe.ts'
import { probes } from '../../src/probes/index.ts'
import { smtp } from '../../src/probes/smtp.ts'
import { certificate, converse } from '../helpers/converse.ts'
import { expectUnmoved } from '../helpers/fuzz.ts'
import { speeches } from '../helpers/speeches.ts'

/* Parsers of datagrams, and checks by them, are fuzzed where their replies are made: expectSturdy, expectSturdyCheck. */

interface Parser {
  readonly name: string
  readonly probe: TcpProbe
  /** What it knows: whole conversations. */
  readonly says: readonly (readonly string[])[]
  readonly context?: Partial<ProbeContext>
}

const greeting = ['220 mx.example.org ESMTP\r\n', '250 mx.example.org\r\n']
const verdicts = ['250 ok\r\n', '550 no\r\n', '451 later\r\n', '530 login\r\n']
const parsers: readonly Parser[] = [
  ...probes
    .filter((probe) => probe.transport === 'tcp')
    .map((probe) => ({
      name: probe.id,
      probe,
      says: speeches.filter((speech) => speech.probe === probe).map(({ says }) => says),
    })),
  {
    name: 'open-relay',
    probe: smtp,
    says: verdicts.map((verdict) => [...greeting, ...Array<string>(20).fill(verdict)]),
    context: { relay: { domain: 'relay.example.net', isInside: () => false } },
  },
]

/** Room for all that is heard, and for the names that a probe gives its parts. */
const mostOfBanner = 34_000
const handshakes = [certificate(['host.example.net'])]

test.each(parsers)('$name stands whatever is made of its words', ({ name, probe, says, context = {} }) => {
  expect(says.length).toBeGreaterThan(0)
  expectUnmoved(
    name,
    says.map((each) => Buffer.from(each.join(''), 'latin1')),
    (reply) => {
      // In three pieces, as lengths happen to cut it.
      const [first, second] = [reply.length % 37, Math.floor(reply.length / 2)]
      const pieces = [reply.subarray(0, first), reply.subarray(first, second), reply.subarray(Math.max(first, second))]
      const { finding } = converse(probe, { says: pieces, handshakes, context })
      if (finding === undefined) return false
      const { module, banner = '', product, version, deviceType } = finding
      const isBounded = [product, version, deviceType].every((said) => said === undefined || said.length <= 256)
      return module !== probe.id || banner.length > mostOfBanner || !isBounded
    },
  )
})
