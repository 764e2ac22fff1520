import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAddressDatabase } from '../../src/locate/address-database.ts'
import type { AddressDatabase } from '../../src/locate/address-database.ts'
import { loadCrosswalk } from '../../src/locate/crosswalk.ts'
import type { Crosswalk } from '../../src/locate/crosswalk.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import type { RegionTable } from '../../src/locate/regions.ts'
import { CensusError } from '../../src/model/errors.ts'
import { ipv4Bits, mmdb } from './mmdb-fixture.ts'

let regions: RegionTable
let crosswalk: Crosswalk
let folder: string
beforeAll(async () => {
  regions = await loadRegions()
  crosswalk = await loadCrosswalk()
  folder = await mkdtemp(join(tmpdir(), 'census-mmdb-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function openBytes(bytes: Uint8Array, name = 'named.mmdb'): Promise<AddressDatabase> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return openAddressDatabase({ regions, crosswalk, path })
}

const nowhere = { means: 'none', defaultGeolocation: false }

describe('a file the user names', () => {
  const nested = {
    [ipv4Bits('192.0.2.0/24')]: {
      country: { iso_code: 'JP' },
      subdivisions: [{ iso_code: '27', names: { en: 'Osaka' } }],
    },
    [ipv4Bits('198.51.100.0/24')]: { country: { iso_code: 'JP' }, subdivisions: [{ iso_code: '13' }] },
    [ipv4Bits('203.0.113.0/25')]: { country: { iso_code: 'FR' }, subdivisions: [{ names: { en: 'Normandy' } }] },
    [ipv4Bits('203.0.113.128/25')]: { country: { iso_code: 'JP' } },
    [ipv4Bits('198.18.0.0/16')]: { country: { iso_code: 'EU' }, subdivisions: [{ iso_code: '13' }] },
    [ipv4Bits('198.51.101.0/24')]: { country: { iso_code: 'US' }, subdivisions: [{ iso_code: 'PR' }] },
    [ipv4Bits('198.19.0.0/16')]: { continent: { code: 'AS' } },
  }

  it("reads GeoLite2's shape", async () => {
    const database = await openBytes(mmdb(nested))
    const means = 'address-database'
    expect(database.place('192.0.2.9')).toEqual({ country: 'JP', region: 'JP-27', means, defaultGeolocation: false })
    expect(database.place('198.51.100.9')).toEqual({ country: 'JP', region: 'JP-13', means, defaultGeolocation: true })
    expect(database.place('203.0.113.9')).toEqual({ country: 'FR', region: 'FR-NOR', means, defaultGeolocation: false })
    expect(database.place('203.0.113.200')).toEqual({ country: 'JP', ...nowhere })
    expect(database.place('198.51.101.9')).toEqual({ country: 'PR', ...nowhere })
    expect(database.place('198.18.0.1')).toEqual(nowhere)
    expect(database.place('198.19.0.1')).toEqual(nowhere)
    expect(database.place('192.0.3.1')).toEqual(nowhere)
  })

  it("reads DB-IP's flat shape", async () => {
    const record = { country_code: 'US', state1: 'New York', city: 'Albany' }
    const database = await openBytes(mmdb({ [ipv4Bits('192.0.2.0/24')]: record }))
    expect(database.place('192.0.2.1')).toMatchObject({ country: 'US', region: 'US-NY', means: 'address-database' })
  })

  it('reads IPv6, and IPv4 in the same tree', async () => {
    const tokyo = { country: { iso_code: 'JP' }, subdivisions: [{ iso_code: '13' }] }
    const documentation = '00100000000000010000110110111000' // 2001:db8::/32
    const database = await openBytes(
      mmdb({ [documentation]: tokyo, ['0'.repeat(96) + ipv4Bits('192.0.2.0/24')]: tokyo }, { ipVersion: 6 }),
    )
    expect(database.place('2001:db8::1').region).toBe('JP-13')
    expect(database.place('192.0.2.1').region).toBe('JP-13')
    expect(database.place('::ffff:192.0.2.1').region).toBe('JP-13')
    expect(database.place('2001:db9::1')).toEqual(nowhere)
  })

  it('says nothing of IPv6 when the file has IPv4 only, nor of what is no address', async () => {
    const database = await openBytes(mmdb(nested))
    for (const address of ['2001:db8::1', '', '192.0.2', '192.0.2.1/24', 'localhost', '__proto__']) {
      expect(database.place(address)).toEqual(nowhere)
    }
  })

  it('names its edition by content', async () => {
    const one = await openBytes(mmdb(nested))
    const other = await openBytes(mmdb({ [ipv4Bits('192.0.2.0/24')]: { country: { iso_code: 'JP' } } }), 'other.mmdb')
    expect(one.edition).toMatch(/^Test-City 2026-01-02 sha256:[0-9a-f]{64}$/)
    expect(one.edition).not.toBe(other.edition)
  })

  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['text', () => Buffer.from('not a database\n')],
    ['cut at half', () => mmdb(nested).subarray(0, 300)],
    ['a database of networks', () => mmdb(nested, { databaseType: 'GeoLite2-ASN' })],
  ])('refuses a file that is %s: exit 2', async (_, bytes) => {
    const error: unknown = await openBytes(bytes(), 'broken.mmdb').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CensusError)
    expect(error).toMatchObject({ exit: 2, message: expect.stringContaining('broken.mmdb'), hint: expect.any(String) })
  })

  it('refuses a missing file: exit 2', async () => {
    await expect(openAddressDatabase({ regions, path: join(folder, 'none.mmdb') })).rejects.toMatchObject({ exit: 2 })
  })

  it('gives a place or a CensusError for damaged bytes, nothing else', async () => {
    const whole = mmdb(nested)
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: whole.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        async (at, byte) => {
          const bytes = Buffer.from(whole)
          bytes[at] = byte
          const place = openBytes(bytes, 'damaged.mmdb').then((database) => database.place('192.0.2.1'))
          const outcome: unknown = await place.catch((error: unknown) => error)
          expect(outcome instanceof CensusError || Object.hasOwn(Object(outcome), 'means')).toBe(true)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe("DB-IP's database from npm", () => {
  it('places addresses of both families, and flags the default region', async () => {
    const database = await openAddressDatabase({ regions })
    expect(database.edition).toMatch(
      /ipv4 \d{4}-\d\d-\d\d npm:@ip-location-db\/dbip-city-mmdb@\d\S+ \+ .*ipv6 \d{4}-\d\d-\d\d npm:@ip-location-db\S+$/,
    )
    expect(database.place('192.0.2.1')).toEqual(nowhere)
    expect(database.place('2001:db8::1')).toEqual(nowhere)
    // First addresses of evenly spaced blocks, whoever has them: the shape of the answers is what is looked at.
    const blocks = Array.from({ length: 60_000 }, (_, index) => Math.floor((index / 60_000) * 2 ** 24))
    const ipv4 = blocks.map((block) => database.place(`${block >> 16}.${(block >> 8) & 255}.${block & 255}.0`))
    const ipv6 = Array.from({ length: 4096 }, (_, index) => database.place(`2${index.toString(16).padStart(3, '0')}::`))
    for (const places of [ipv4, ipv6]) {
      const placed = places.filter((place) => place.region !== undefined)
      const known = places.filter((place) => place.country !== undefined)
      expect(known.length).toBeGreaterThan(0)
      expect(placed.length).toBeGreaterThan(0.8 * known.length)
      for (const { country, region } of placed) expect(region?.startsWith(`${country}-`)).toBe(true)
    }
    const japan = ipv4.filter((place) => place.country === 'JP')
    const tokyo = japan.filter((place) => place.region === 'JP-13')
    expect(tokyo.length / japan.length).toBeGreaterThan(0.6)
    expect(japan.every((place) => place.defaultGeolocation === (place.region === 'JP-13'))).toBe(true)
  })
})
