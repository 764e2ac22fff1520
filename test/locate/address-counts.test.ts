import fc from 'fast-check'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAddressDatabase, type AddressDatabase } from '../../src/locate/address-database.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import { CensusError } from '../../src/model/errors.ts'
import { withFolder } from '../helpers/census.ts'
import { ipv4Bits, mmdb } from './mmdb-fixture.ts'

const regions = await loadRegions()
const opened = <T>(bytes: Uint8Array, ask: (database: AddressDatabase) => T): Promise<T> =>
  withFolder(async (folder) => {
    const path = join(folder, 'city.mmdb')
    await writeFile(path, bytes)
    return ask(await openAddressDatabase({ regions, path }))
  })

const city = (code: string | undefined) => ({
  country: { iso_code: 'JP' },
  ...(code === undefined ? {} : { subdivisions: [{ iso_code: code }] }),
})

describe('ipv4ByRegion', () => {
  it('counts addresses, not networks, and none without a region', async () => {
    const prefixes = {
      [ipv4Bits('192.0.2.0/24')]: city('27'),
      [ipv4Bits('198.18.0.0/15')]: city('27'),
      [ipv4Bits('203.0.113.128/25')]: city('13'),
      [ipv4Bits('203.0.113.0/32')]: city('13'),
      [ipv4Bits('198.51.100.0/24')]: city(undefined),
    }
    const counted = await opened(mmdb(prefixes), (database) => database.ipv4ByRegion())
    expect(counted).toEqual(
      new Map([
        ['JP-13', 129],
        ['JP-27', 256 + 131_072],
      ]),
    )
  })

  it('counts IPv4 alone in a tree of both', async () => {
    const prefixes = {
      ['0'.repeat(96) + ipv4Bits('192.0.2.0/24')]: city('27'),
      ['0010000000000001']: city('13'),
    }
    const counted = await opened(mmdb(prefixes, { ipVersion: 6 }), (database) => database.ipv4ByRegion())
    expect([...counted]).toEqual([['JP-27', 256]])
  })

  it('agrees with looking up every address, for any networks', async () => {
    // Networks of 192.0.2.0/24 that have nothing in common: its sixteenths, each whole or in parts.
    const parts = fc.array(fc.tuple(fc.constantFrom(undefined, '13', '14', '27'), fc.integer({ min: 28, max: 32 })), {
      minLength: 16,
      maxLength: 16,
    })
    await fc.assert(
      fc.asyncProperty(parts, async (sixteenths) => {
        const prefixes = Object.fromEntries(
          sixteenths.map(([code, length], index) => [ipv4Bits(`192.0.2.${index * 16}/${length}`), city(code)]),
        )
        await opened(mmdb(prefixes), (database) => {
          const expected = new Map<string, number>()
          for (let last = 0; last < 256; last++) {
            const { region } = database.place(`192.0.2.${last}`)
            if (region !== undefined) expected.set(region, (expected.get(region) ?? 0) + 1)
          }
          expect(database.ipv4ByRegion()).toEqual(expected)
        })
      }),
      { numRuns: 30 },
    )
  })

  it('refuses a tree that has no end', async () => {
    const bytes = mmdb({ [ipv4Bits('192.0.2.0/24')]: city('27') })
    // Both records of the first node point to itself.
    bytes.writeUIntBE(0, 0, 3)
    bytes.writeUIntBE(0, 3, 3)
    const error = await opened(bytes, (database) => {
      try {
        return database.ipv4ByRegion()
      } catch (thrown) {
        return thrown
      }
    })
    expect(error).toBeInstanceOf(CensusError)
    expect(error).toMatchObject({ exit: 2, message: expect.stringContaining('loop') as string })
  })
})
