import { DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection } from '@duckdb/node-api'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { recogniseSql } from '../../src/recognise/fingerprint-sql.ts'
import { fullPattern, loadFingerprints, parseFingerprints, recogniseHash } from '../../src/recognise/fingerprints.ts'
import { loadServices } from '../../src/recognise/service.ts'

const files = loadFingerprints()
const examples = files.flatMap((file) =>
  file.rows.flatMap((row) => row.examples.map((example) => ({ file, row, ...example }))),
)
const literal = (text: string): string => `'${text.replaceAll("'", "''").split('\0').join(`' || chr(0) || '`)}'`

type Found = {
  readonly field: string
  readonly vendor: string
  readonly product: string
  readonly version: string
  readonly type: string
}
let connection: DuckDBConnection

/** What DuckDB makes of banners, in their order; the vendor is null where nothing is known. */
async function recognise(banners: readonly { service: string; banner: string }[], services?: ReadonlySet<string>) {
  const sql = recogniseSql(services)
  const rows = banners.map(({ service, banner }, index) => `(${index}, ${literal(service)}, ${literal(banner)})`)
  await connection.run(
    `CREATE OR REPLACE TABLE asked AS SELECT id, service, ${sql.field({ service: 'service', banner: 'banner' })} AS field FROM (VALUES ${rows.join(',\n')}) t(id, service, banner)`,
  )
  const fill = async (table: string, number: string, queries: readonly string[]): Promise<Set<number>> => {
    await connection.run(`CREATE OR REPLACE TABLE ${table} (service VARCHAR, field VARCHAR, ${number} INTEGER)`)
    for (const query of queries) await connection.run(`INSERT INTO ${table} ${query}`)
    const found = await connection.runAndReadAll(`SELECT DISTINCT ${number} FROM ${table}`)
    return new Set(found.getRows().map(([n]) => Number(n)))
  }
  const blocks = await fill('sifted', 'block', sql.sifted('asked'))
  const numbers = await fill('matched', 'number', sql.matched('sifted', blocks))
  const result = await connection.runAndReadAll(
    `SELECT asked.field, vendor, product, version, device_type AS type FROM asked LEFT JOIN (${sql.known('matched', numbers)}) k USING (service, field) ORDER BY id`,
  )
  return result.getRowObjectsJson() as unknown as Found[]
}

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect()
})

describe('the fingerprints', () => {
  it('are at least 250, on services of the catalogue, stating source and licence', () => {
    const ids = new Set(loadServices().services.map((service) => service.id))
    expect(files.flatMap((file) => file.rows).length).toBeGreaterThanOrEqual(250)
    for (const file of files) {
      expect(file.services.filter((id) => !ids.has(id))).toEqual([])
      expect(file).toMatchObject({ licence: 'MIT', source: expect.stringContaining('Own work') })
    }
    for (const service of [
      'smtp',
      'imap',
      'pop3',
      'ftp',
      'ssh',
      'telnet',
      'http',
      'https',
      'ntp',
      'rtsp',
      'sip',
      'mysql',
      'snmp',
      'ssdp',
      'mqtt',
    ])
      expect(files.flatMap((file) => file.services)).toContain(service)
  })

  it('read one field per service', () => {
    for (const id of new Set(files.flatMap((file) => file.services)))
      expect(new Set(files.filter((file) => file.services.includes(id)).map((file) => file.field)).size).toBe(1)
  })

  it('know every example by its own row, in DuckDB as in JavaScript', async () => {
    const found = await recognise(examples.map(({ file, banner }) => ({ service: file.services[0] ?? '', banner })))
    expect(found).toHaveLength(examples.length)
    const wrong = examples.filter(({ file, row, expect: wanted }, index) => {
      const { field, vendor, product, version, type } = found[index] as Found
      const winner = files
        .filter((each) => each.services.includes(file.services[0] ?? ''))
        .flatMap((each) => each.rows.map((candidate) => ({ each, candidate })))
        .find(({ each, candidate }) => new RegExp(fullPattern(each, candidate), 'i').test(field))
      if (winner?.candidate !== row) return true
      if (wanted.product === '') return vendor !== null
      return (
        vendor !== row.vendor ||
        product !== wanted.product ||
        version !== wanted.version ||
        type !== (row.deviceType ?? '')
      )
    })
    expect(wrong.map(({ file, banner }) => `${file.name}: ${banner}`)).toEqual([])
  })

  it('use synthetic hosts and documentation addresses only', () => {
    const addresses = examples.flatMap(({ banner }) => banner.match(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g) ?? [])
    const hosts = examples.flatMap(({ banner }) => banner.match(/\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|jp)\b/g) ?? [])
    const versions = new Set(examples.map((example) => example.expect.version))
    expect(
      addresses.filter(
        (address) =>
          !/^(192\.0\.2|198\.51\.100|203\.0\.113|192\.0\.0)\./.test(address) &&
          !versions.has(address) &&
          !/^\d+\.\d\.\d|(^|\.)0\d/.test(address),
      ),
    ).toEqual([])
    // Names that are the product's own greeting.
    expect(hosts.filter((host) => host !== 'zte.com')).toEqual([])
  })
})

describe('recogniseSql', () => {
  it('reads the header Server in any case, and nothing that only folds to it', async () => {
    const found = await recognise(
      ['Server', 'server', 'SERVER', '\u017ferver'].map((name) => ({
        service: 'http',
        banner: `HTTP/1.1 200 OK\r\n${name}: Apache\r\n\r\n`,
      })),
    )
    expect(found.map(({ vendor }) => vendor !== null)).toEqual([true, true, true, false])
  })

  it('reads bare headers and titles, lower-case headers, and text before the greeting', async () => {
    const found = await recognise([
      { service: 'http', banner: 'nginx/1.25.3' },
      { service: 'https', banner: 'HTTP/1.1 200 OK\r\nserver: nginx/1.25.3\r\n\r\n' },
      { service: 'http', banner: 'HTTP/1.1 200 OK\r\nSERVER:nginx/1.25.3\r\n\r\n' },
      { service: 'smtp', banner: '\r\n220 mx.example.test ESMTP Postfix\r\n' },
      { service: 'smtp', banner: 'mx.example.test ESMTP Postfix' },
      { service: 'ssh', banner: 'OpenSSH_9.6' },
      { service: 'http', banner: '<html><head><TITLE>\r\n RouterOS v6.49\r\n</TITLE>' },
    ])
    expect(found.map(({ product, version }) => [product, version])).toEqual([
      ['nginx', '1.25.3'],
      ['nginx', '1.25.3'],
      ['nginx', '1.25.3'],
      ['Postfix', ''],
      ['Postfix', ''],
      ['OpenSSH', '9.6'],
      ['RouterOS', '6.49'],
    ])
  })

  it('says nothing where nothing is said', async () => {
    const found = await recognise([
      { service: 'http', banner: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
      { service: 'http', banner: 'HTTP/1.1 200 OK\r\nX-Note: Server: nginx\r\n\r\n' },
      { service: 'smtp', banner: '220 postfix.example.test ready' },
      { service: 'telnet', banner: 'login: ' },
      { service: 'no-such', banner: 'nginx' },
      { service: 'http', banner: '' },
    ])
    expect(found.map(({ vendor }) => vendor)).toEqual([null, null, null, null, null, null])
  })

  it('puts a mail server that only says ESMTP beside the products', async () => {
    const [found] = await recognise([{ service: 'smtp', banner: '220 mx.example.test ESMTP' }])
    expect(found).toMatchObject({ vendor: '', product: '(ESMTP, no product told)', version: '' })
  })

  it('gives the same for the services asked, and nothing for others', async () => {
    const banners = [
      { service: 'smtp', banner: '220 mx.example.test ESMTP Postfix' },
      { service: 'ssh', banner: 'SSH-2.0-OpenSSH_9.6' },
    ]
    expect((await recognise(banners, new Set(['smtp']))).map(({ product }) => product)).toEqual(['Postfix', null])
    expect((await recognise(banners, new Set())).map(({ product }) => product)).toEqual([null, null])
  })

  it('survives hostile banners of every service', async () => {
    const hostile = [
      "'; DROP TABLE asked; --",
      '\0'.repeat(100),
      '\uFFFD'.repeat(500),
      'A'.repeat(65_536),
      '<title>'.repeat(9000),
      'realm='.repeat(9000),
      'HTTP/1.1 200 OK\r\nServer: '.repeat(2000),
      '((((((((',
      '\n'.repeat(60_000),
      '🏯'.repeat(5000),
    ]
    const services = [...new Set(files.flatMap((file) => file.services))]
    const asked = services.flatMap((service) => hostile.map((banner) => ({ service, banner })))
    const found = await recognise(asked)
    expect(found).toHaveLength(asked.length)
    for (const { field, product } of found) {
      expect(field.length).toBeLessThan(1000)
      expect((product ?? '').length).toBeLessThan(100)
    }
  })
})

describe('a fingerprint file that is wrong is refused with exit 2', () => {
  const row = {
    pattern: 'foo (\\d)',
    vendor: 'v',
    product: 'p',
    version: 1,
    examples: [{ banner: 'b', expect: { product: 'p', version: '' } }],
  }
  const file = (change: object = {}, ...rows: object[]) =>
    JSON.stringify({
      title: 't',
      source: 's',
      licence: 'l',
      services: ['smtp'],
      order: 1,
      field: 'line',
      start: '^',
      rows: rows.length === 0 ? [row] : rows,
      ...change,
    })

  it.each(files.map((shipped) => shipped.name))('reads the shipped %s', (name) => {
    const text = readFileSync(new URL(`../../data/fingerprints/${name}`, import.meta.url), 'utf8')
    expect(parseFingerprints(name, text).rows.length).toBeGreaterThan(0)
  })

  it('reads a sound one', () => {
    expect(parseFingerprints('x.json', file()).rows).toHaveLength(1)
  })

  it.each([
    ['empty', ''],
    ['null', 'null'],
    ['deep nesting', '['.repeat(100_000)],
    ['no examples', file({}, { ...row, examples: [] })],
    ['a look-ahead', file({}, { ...row, pattern: 'a(?=b)(c)' })],
    ['a back-reference', file({}, { ...row, pattern: '(a)\\1' })],
    ['a group without use', file({}, { ...row, pattern: '(a)(b)' })],
    ['a use without group', file({}, { ...row, pattern: 'a' })],
    ['an open bracket', file({}, { ...row, pattern: '(a' })],
    ['a Unicode class', file({}, { ...row, pattern: '(\\p{L})' })],
    ['an unknown device type', file({}, { ...row, deviceType: 'toaster' })],
    ['an unknown field', file({ field: 'soul' })],
    ['a __proto__ key', file().replace('{', '{"__proto__": 1, ')],
  ])('%s', (_, broken) => {
    expect(() => parseFingerprints('x.json', broken)).toThrow(
      expect.objectContaining({ name: 'CensusError', exit: 2, message: expect.stringContaining('x.json') }),
    )
  })
})

describe('recogniseHash', () => {
  it('is a SHA-256 that stays', () => {
    expect(recogniseHash()).toMatch(/^[0-9a-f]{64}$/)
    expect(recogniseHash()).toBe(recogniseHash())
  })
})
