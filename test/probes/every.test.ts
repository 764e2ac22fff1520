import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adb } from '../../src/probes/adb.ts'
import { cwmp } from '../../src/probes/cwmp.ts'
import { ethernetipTcp } from '../../src/probes/ethernetip-tcp.ts'
import { http, https } from '../../src/probes/http.ts'
import { iec104 } from '../../src/probes/iec-104.ts'
import { probes as all } from '../../src/probes/index.ts'
import { ldap } from '../../src/probes/ldap.ts'
import { modbus } from '../../src/probes/modbus.ts'
import { mysql } from '../../src/probes/mysql.ts'
import { opcUa } from '../../src/probes/opc-ua.ts'
import { postgresql } from '../../src/probes/postgresql.ts'
import { s7 } from '../../src/probes/s7.ts'
import { ssh } from '../../src/probes/ssh.ts'
import { vnc } from '../../src/probes/vnc.ts'
import { recogniseSql } from '../../src/recognise/fingerprint-sql.ts'
import { certificate, converse } from '../helpers/converse.ts'
import { speeches, strangers } from '../helpers/speeches.ts'

const probes = [...new Set(speeches.map(({ probe }) => probe))]
/** These ask one another's servers something that any web server answers. */
const web = new Set([http, https, cwmp])
const handshakes = [certificate(['host.example.net'])]

test('every probe over TCP has its words here', () => {
  expect(new Set(probes)).toEqual(new Set(all.filter(({ transport }) => transport === 'tcp')))
})

describe.each(speeches)('$probe.id: $says.0', ({ probe, says, isRecognised }) => {
  test('is told as what it is by its own probe', () => {
    expect(converse(probe, { says, handshakes }).finding?.module).toBe(probe.id)
  })

  test('is no other’s', () => {
    for (const other of probes) {
      if (other === probe || (web.has(other) && says[0]?.startsWith('HTTP/') === true)) continue
      expect(converse(other, { says, handshakes }).finding, other.id).toBeUndefined()
    }
  })

  test('is claimed by one probe at most', () => {
    const claim = (text: string): readonly string[] =>
      probes.filter((each) => each.recognises?.(Buffer.from(text, 'latin1')) === true).map(({ id }) => id)
    const expected = says[0]?.startsWith('HTTP/') === true ? 'http' : probe.id
    expect(claim(says.join(''))).toEqual(isRecognised === undefined ? [] : [expected])
    for (let end = 0; end < (says[0]?.length ?? 0); end++) {
      expect([[], [expected]]).toContainEqual(claim(says[0]?.slice(0, end) ?? ''))
    }
  })
})

test.each(strangers)('nobody takes for its own: %j', (says) => {
  for (const probe of probes) {
    expect(converse(probe, { says: [says], over: 'silent' }).finding, probe.id).toBeUndefined()
    expect(probe.recognises?.(Buffer.from(says, 'latin1')) ?? false, probe.id).toBe(false)
  }
})

describe.each(probes.map((probe) => ({ id: probe.id, probe })))('$id', ({ probe }) => {
  const beginnings = ['', ...speeches.flatMap((speech) => (speech.probe === probe ? [speech.says.join('')] : []))]

  test('hears 32 KiB at most', () => {
    const endless = [
      '\0',
      '\u00ff',
      'x',
      '\r\n',
      ' x\r\n',
      '* x\r\n',
      '220-x\r\n',
      '\u00ff\u00fa',
      '1\r\nx\r\n',
      'HTTP/1.1 103 x\r\n\r\n',
      'X: y\r\n',
    ]
    for (const [beginning, more] of beginnings.flatMap((each) => endless.map((other) => [each, other] as const))) {
      for (let cut = 0; cut <= beginning.length; cut += Math.max(1, Math.ceil(beginning.length / 6))) {
        const flood =
          (beginning.slice(0, cut) + more.repeat(Math.ceil(40_000 / more.length))).match(/[^]{1,512}/g) ?? []
        expect(converse(probe, { says: flood, handshakes }).heard, more).toBeLessThanOrEqual(32_768 / 512 + 2)
      }
    }
  })

  test('finds the same in any bytes, however they are cut', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom(
        '\r\n',
        '\r\n\r\n',
        '+OK ',
        '* OK ',
        '220 ',
        '\0\0\0\u00ff',
        'HTTP/1.1 200 OK\r\n',
        '\u00ff\u00fd',
      ),
    )
    /** A piece of a conversation taken out or put in. */
    const broken = fc
      .tuple(fc.constantFrom(...beginnings), fc.nat(), fc.nat({ max: 6 }), noise)
      .map(([text, at, out, put]) => {
        const from = at % (text.length + 1)
        return text.slice(0, from) + put + text.slice(from + out)
      })
    fc.assert(
      fc.property(broken, fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }), (text, sizes) => {
        const whole = converse(probe, { says: text === '' ? [] : [text] })
        let at = 0
        const pieces = sizes.map((size) => text.slice(at, (at += size)))
        const says = [...pieces, text.slice(at)].filter((piece) => piece !== '')
        // Within a piece that came before TLS nothing counts: where one is asked for, cutting makes a difference.
        if (!whole.sent.includes('<TLS>')) expect(converse(probe, { says }).finding).toEqual(whole.finding)
      }),
      { numRuns: 300 },
    )
  })
})

test.each([
  { probe: ssh, says: 'SSH-2.0-x\r\n\0\0\u0040\u0001' },
  { probe: mysql, says: '\u0001\u0008\0\0' },
  { probe: postgresql, says: 'E\0\0\u0010\u0001' },
  { probe: ldap, says: '0\u0082\u0020\u0001' },
  { probe: vnc, says: 'RFB 003.008\n\0\0\0\u0004\u0001' },
  { probe: modbus, says: '\u0045\u0043\0\0\u0001\0\u00ff' },
  { probe: s7, says: '\u0003\0\u0004\u0001' },
  { probe: ethernetipTcp, says: `c\0\u0001\u0004${'\0'.repeat(20)}` },
  { probe: iec104, says: '\u0068\u00fe' },
  { probe: opcUa, says: 'ERRF\u0001\u0020\0\0' },
  { probe: adb, says: 'CNXN\0\0\0\u0001\0\u0010\0\0\u0001\u0010\0\0\0\0\0\0\u00bc\u00b1\u00a7\u00b1' },
])('what is longer than it may be is not waited for: $probe.id', ({ probe, says }) => {
  expect(converse(probe, { says: [says, ...Array<string>(99).fill('x')] }).heard).toBe(1)
})

test('fingerprints know the products by the banners', async () => {
  const known = speeches.filter(({ product }) => product !== undefined)
  const sql = recogniseSql()
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const rows = known.map(({ probe, says }, index) => {
    const { module = '', banner = '' } = converse(probe, { says, handshakes }).finding ?? {}
    return `(${index}, '${module}', '${banner}')`
  })
  await connection.run(
    `CREATE TABLE asked AS SELECT id, service, ${sql.field({ service: 'service', banner: 'banner' })} AS field FROM (VALUES ${rows.join(', ')}) t(id, service, banner)`,
  )
  const fill = async (table: string, number: string, queries: readonly string[]): Promise<Set<number>> => {
    await connection.run(`CREATE TABLE ${table} (service VARCHAR, field VARCHAR, ${number} INTEGER)`)
    for (const query of queries) await connection.run(`INSERT INTO ${table} ${query}`)
    const found = await connection.runAndReadAll(`SELECT DISTINCT ${number} FROM ${table}`)
    return new Set(found.getRows().map(([each]) => Number(each)))
  }
  const blocks = await fill('sifted', 'block', sql.sifted('asked'))
  const numbers = await fill('matched', 'number', sql.matched('sifted', blocks))
  const told = await connection.runAndReadAll(
    `SELECT asked.service, k.product, k.version FROM asked LEFT JOIN (${sql.known('matched', numbers)}) k USING (service, field) ORDER BY id`,
  )
  expect(told.getRows()).toEqual(known.map(({ probe, product, version = '' }) => [probe.id, product, version]))
})
