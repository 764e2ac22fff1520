import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { flagNames } from '../../src/model/flags.ts'
import type { Row } from '../../src/store/duckdb.ts'
import type { RecordsSnapshot as Snapshot } from '../../src/store/snapshots.ts'
import { banner, ndjson } from '../helpers/shodan.ts'
import { censusFacts, censusRows, imported, observationRows, temporaryFolder } from '../helpers/store.ts'
import { ipv4Bits, mmdb } from '../locate/mmdb-fixture.ts'
import { masscanList, nmapXml } from '../sources/files/scan-readings.ts'

const us = (region: string): object => ({ country_code: 'US', region_code: region })
const day = (of: number): string => `2016-05-${String(of).padStart(2, '0')}T00:00:00`
/** Regions of the rows, by port. */
const regions = async (snapshot: Snapshot): Promise<Record<string, unknown>> =>
  Object.fromEntries((await censusRows(snapshot)).map((row) => [String(row['port']), row['region']]))
const flags = (row: Row | undefined): readonly string[] => flagNames(Number(row?.['flags']))
/** The order of what two values are as text. */
const asText = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : 1)

describe('the place of an address', () => {
  test('is where its newest placed observation says, for every row, whatever port or time', async () => {
    const snapshot = await imported({
      a: ndjson(
        banner({ port: 1, timestamp: day(1), location: us('NY') }),
        banner({ port: 2, timestamp: day(3), location: us('CA') }),
        banner({ port: 3, timestamp: day(2), location: us('TX') }),
        // Newer, but without a region: a country alone does not unplace an address, nor does silence or an undated record.
        banner({ port: 4, timestamp: day(4), location: { country_code: 'US' } }),
        banner({ port: 5, timestamp: day(5), location: null }),
        banner({ port: 6, timestamp: undefined, location: us('WA') }),
      ),
    })
    expect(await regions(snapshot)).toEqual(
      Object.fromEntries(['1', '2', '3', '4', '5', '6'].map((port) => [port, 'US-CA'])),
    )
    expect((await censusFacts(snapshot)).placedAddresses).toEqual({ 'region-code': 1 })
  })

  test('is decided before negatives are left out', async () => {
    // nmap's closed port is the newest to tell a place only through a CSV that has one.
    const csv = `ip,port,timestamp,country_code,region,outcome\n192.0.2.25,80,2016-05-09T00:00:00Z,US,California,closed\n`
    const snapshot = await imported({ a: ndjson(banner({ location: us('NY') })), 'b.csv': csv })
    expect(await regions(snapshot)).toMatchObject({ 25: 'US-CA' })
  })

  test('is unknown where only a country is known, and empty where nothing is', async () => {
    const snapshot = await imported({
      a: ndjson(
        banner({ ip_str: '192.0.2.1', location: { country_code: 'US' } }),
        banner({ ip_str: '192.0.2.2', location: null }),
        banner({ ip_str: '192.0.2.3', location: { country_code: 'A1' } }),
      ),
    })
    const rows = await censusRows(snapshot)
    expect(rows.map(({ country, region }) => [country, region])).toEqual([
      ['US', ''],
      ['', ''],
      ['', ''],
    ])
    expect(rows).toHaveLength(3)
  })

  test('equal times are decided by content, not by order', async () => {
    const places = ['NY', 'CA', 'TX', 'WA', 'FL'].map((region, at) => banner({ port: at + 1, location: us(region) }))
    const forth = await regions(await imported({ a: ndjson(...places) }))
    expect(new Set(Object.values(forth)).size).toBe(1)
    expect(await regions(await imported({ a: ndjson(...places.toReversed()) }))).toEqual(forth)
    expect(
      await regions(
        await imported(Object.fromEntries(places.toReversed().map((place, at) => [`f${at}`, ndjson(place)]))),
      ),
    ).toEqual(forth)
  })

  test('comes from the address database only where no source said anything', async () => {
    const path = join(await temporaryFolder(), 'city.mmdb')
    const record = (iso: string) => ({ country: { iso_code: 'JP' }, subdivisions: [{ iso_code: iso }] })
    await writeFile(
      path,
      mmdb(
        { [ipv4Bits('192.0.2.0/25')]: record('27'), [ipv4Bits('192.0.2.128/25')]: record('13') },
        { ipVersion: 4, databaseType: 'GeoLite2-City' },
      ),
    )
    const snapshot = await imported({
      a: ndjson(
        banner({ ip_str: '192.0.2.1', location: null }),
        banner({ ip_str: '192.0.2.200', location: null }),
        banner({ ip_str: '192.0.2.2', location: { country_code: 'US' } }),
        banner({ ip_str: '192.0.2.3', port: 1, location: null }),
        banner({ ip_str: '192.0.2.3', port: 2, timestamp: day(1), location: us('NY') }),
      ),
    })
    const tables = { addressDatabase: path }
    const rows = await censusRows(snapshot, tables)
    expect(
      rows.map((row) => [String(row['address']).slice(-2), row['country'], row['region'], flags(row)]).toSorted(asText),
    ).toEqual([
      ['01', 'JP', 'JP-27', ['region-inferred']],
      ['02', 'US', '', []],
      ['03', 'US', 'US-NY', []],
      ['03', 'US', 'US-NY', []],
      ['c8', 'JP', 'JP-13', ['region-inferred', 'default-geolocation']],
    ])
    expect(await censusFacts(snapshot, tables)).toMatchObject({
      placedAddresses: { 'address-database': 2, 'region-code': 1, none: 1 },
      defaultGeolocationAddresses: 1,
      tables: { addressDatabase: expect.stringMatching(/^GeoLite2-City .* sha256:/) as string },
    })
  })

  test("a source's own default place is flagged", async () => {
    const location = { country_code: 'JP', region_code: '13', city: null, latitude: 35.69, longitude: 139.69 }
    const snapshot = await imported({ a: ndjson(banner({ location })) })
    expect(flags((await censusRows(snapshot))[0])).toEqual(['default-geolocation'])
    expect((await censusFacts(snapshot)).defaultGeolocationAddresses).toBe(1)
  })
})

describe('an endpoint', () => {
  test('is spoken for by its newest observation; an undated one only where there is no other', async () => {
    const snapshot = await imported({
      a: ndjson(
        banner({ product: 'old', timestamp: day(1) }),
        banner({ product: 'new', timestamp: day(2) }),
        banner({ product: 'undated', timestamp: undefined }),
        banner({ product: 'alone', timestamp: undefined, port: 26 }),
        banner({ product: 'other', timestamp: day(1), transport: 'udp' }),
      ),
    })
    const rows = await censusRows(snapshot)
    const speaking = rows.filter((row) => row['speaks'] === 'true').map((row) => row['product'])
    expect(speaking.toSorted(asText)).toEqual(['alone', 'new', 'other'])
    expect(
      rows
        .filter((row) => flags(row).includes('undated'))
        .map((row) => row['product'])
        .toSorted(asText),
    ).toEqual(['alone', 'undated'])
    expect(rows).toHaveLength(5)
    expect(snapshot.manifest.accounting.undated).toBe(2)
    expect(snapshot.manifest.observed).toEqual({
      from: '2016-05-01T00:00:00.000000Z',
      to: '2016-05-02T00:00:00.000000Z',
    })
  })

  test('speaks once over all sources and once in each of them', async () => {
    const csv = `ip,port,timestamp,product\n192.0.2.25,25,2016-06-01T00:00:00Z,later\n192.0.2.25,25,2016-05-02T00:00:00Z,earlier\n`
    const rows = await censusRows(await imported({ a: ndjson(banner()), 'b.csv': csv }))
    expect(rows.map((row) => [row['source'], row['speaks'], row['speaks_in_source']]).toSorted(asText)).toEqual([
      ['csv', 'false', 'false'],
      ['csv', 'true', 'true'],
      ['shodan', 'false', 'true'],
    ])
  })
})

describe('what counts', () => {
  test('closed, filtered and failed are kept and not exposed; echo and ARP replies are no services', async () => {
    const failed = {
      ip: '192.0.2.77',
      data: { ssh: { status: 'protocol-error', protocol: 'ssh', timestamp: '2024-05-01T00:00:00Z' } },
    }
    const arp = masscanList.replace('# end', 'open arp 0 192.0.2.21 1714521601\n# end')
    const snapshot = await imported({ 'nmap.xml': nmapXml, 'masscan.txt': arp, 'zgrab2.ndjson': ndjson(failed) })
    const kept = await observationRows(snapshot)
    const rows = await censusRows(snapshot)
    const outcomes = new Set(kept.map((row) => row['outcome']))
    expect([...outcomes].toSorted(asText)).toEqual(['answered', 'closed', 'failed', 'filtered', 'open'])
    const exposed = kept.filter(
      (row) =>
        ['answered', 'open'].includes(String(row['outcome'])) && !['icmp', 'arp'].includes(String(row['transport'])),
    )
    expect(rows).toHaveLength(exposed.length)
    expect(new Set(rows.map((row) => row['transport']))).toEqual(new Set(['tcp']))
    expect(kept.filter((row) => ['icmp', 'arp'].includes(String(row['transport'])))).toHaveLength(2)
    expect(rows.map((row) => String(row['address']).slice(-2))).not.toContain('4d')
    const { keptByOutcome, kept: total } = snapshot.manifest.accounting
    expect(Object.values(keptByOutcome).reduce((sum, count) => sum + count, 0)).toBe(total)
  })

  test('an open port that no application answered on is port-only', async () => {
    const rows = await censusRows(await imported({ 'masscan.txt': masscanList }))
    expect(rows.map((row) => flags(row)).toSorted(asText)).toEqual([[], ['port-only']])
  })

  test('a host on more than 100 ports, or tagged as a honeypot or middlebox, is suspect', async () => {
    const ports = (ip: string, count: number): object[] =>
      Array.from({ length: count }, (_, at) => banner({ ip_str: ip, port: at + 1 }))
    const snapshot = await imported({
      a: ndjson(
        ...ports('192.0.2.101', 101),
        ...ports('192.0.2.100', 100),
        banner({ ip_str: '192.0.2.100', port: 1, timestamp: day(9) }),
        banner({ ip_str: '192.0.2.1', tags: ['cloud', 'HoneyPot'] }),
        banner({ ip_str: '192.0.2.1', port: 80 }),
        banner({ ip_str: '192.0.2.2', tags: ['cloud'] }),
        banner({ ip_str: '192.0.2.3', tags: ['starttls', 'middlebox'] }),
      ),
    })
    const suspects = new Map((await censusRows(snapshot)).map((row) => [String(row['address']).slice(-2), flags(row)]))
    expect(Object.fromEntries(suspects)).toEqual({
      '65': ['suspect'],
      '64': [],
      '01': ['suspect'],
      '02': [],
      '03': ['suspect'],
    })
    expect((await censusFacts(snapshot)).suspectAddresses).toBe(3)
  })

  test('--observed-at dates what has no time, and nothing else', async () => {
    const lines = ndjson(
      banner({ timestamp: undefined }),
      banner({ port: 26 }),
      banner({ port: 27, timestamp: undefined, version: 5.5 }),
    )
    const rows = await censusRows(await imported({ a: lines }, { observedAt: '2020-01-01T00:00:00.000000Z' }))
    expect(rows.map((row) => [row['port'], row['observed_at'], flags(row)])).toEqual([
      ['25', '2020-01-01 00:00:00', []],
      ['26', '2016-05-01 22:57:45.950793', []],
      ['27', '2020-01-01 00:00:00', []],
    ])
  })
})
