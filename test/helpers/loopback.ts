import { createHook } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { addressSet, parseRange, type AddressSet } from '../../src/model/address-set.ts'
import type { Scope } from '../../src/model/scope.ts'
import { scopeGuard, type Guard } from '../../src/net/guard.ts'

const setOf = (list: readonly string[]): AddressSet =>
  addressSet(
    list.map((text) => {
      const range = parseRange(text)
      if ('fault' in range) throw new Error(`${text} ${range.fault}`)
      return range
    }),
  )

/** A guard that lets ranges of this machine be asked, until the end of time or `to`. */
export function guardOf(ranges: readonly string[], excluded: readonly string[] = [], to = Infinity): Guard {
  const scope: Scope = {
    owner: 'Example',
    contact: 'noc@example.net',
    authorisation: 'none',
    valid: { from: 0, to },
    isPrivate: false,
    coverage: 'partial',
    vantage: 'inside',
    ranges: [],
    declared: setOf(ranges),
    excluded: setOf(excluded),
    targets: setOf([]),
    rate: { perSecond: 1, perPrefix: 1 },
    hash: createHash('sha256').digest('hex'),
  }
  return scopeGuard(scope)
}

/** What a defect would be: a guard that lets everything through. */
export const lax: Guard = () => undefined

const looked = /^(TCPCONNECTWRAP|UDPSENDWRAP|GETADDRINFOREQWRAP|GETNAMEINFOREQWRAP|QUERYWRAP|DNSCHANNEL)$/

/** What work asks of the system: connections, datagrams, and questions of names. */
export async function asksOf(work: () => unknown): Promise<string[]> {
  const asks: string[] = []
  const hook = createHook({
    init: (_, type) => {
      if (looked.test(type)) asks.push(type)
    },
  })
  hook.enable()
  try {
    await work()
    await new Promise((resolve) => setTimeout(resolve, 50))
  } finally {
    hook.disable()
  }
  return asks
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Addresses that a guard for 127.0.0.0/29 and ::1 without 127.0.0.5 refuses. */
export const offScope: readonly string[] = [
  '127.0.0.5',
  '127.0.0.8',
  '127.255.255.255',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  '192.0.2.1',
  '::',
  '::2',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::7f00:1',
  'fe80::1',
  'ff02::1',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'ip6-localhost',
  'mx.example.net',
  '',
  ' ',
  '127.1',
  '127.0.0.01',
  '0177.0.0.1',
  '0x7f.0.0.1',
  '2130706433',
  '127.0.0.1 ',
  ' 127.0.0.1',
  '127.0.0.1\n',
  '127.0.0.1\0',
  '127.0.0.1:25',
  '127.0.0.1%lo',
  '::1%lo',
  '::1%1',
  '::1%25lo',
  '[::1]',
  '[127.0.0.1]',
  '/tmp/socket',
  '\\\\.\\pipe\\x',
]
