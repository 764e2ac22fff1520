import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { regionColumns } from '../../src/locate/region-file.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import type { RegionTable } from '../../src/locate/regions.ts'
import { CensusError } from '../../src/model/errors.ts'

const header = regionColumns.join(',')
const tokyo = 'JP-13,JP,Tokyo,東京都,,14195730,2024,estimate'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'census-regions-'))
})
afterAll(() => rm(directory, { recursive: true }))

let count = 0
/** A new directory with these files. */
async function tables(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const path = join(directory, String(count++))
  await mkdir(path)
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content)
  return path
}
const load = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<RegionTable> =>
  loadRegions({ userTables: await tables(files) })

/** What the loader says of wrong files: the message, with the directory taken out. */
async function fault(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const path = await tables(files)
  const error: unknown = await loadRegions({ userTables: path }).catch((thrown: unknown) => thrown)
  if (!(error instanceof CensusError)) throw new Error(`no CensusError but ${String(error)}`)
  expect(error.exit).toBe(2)
  expect(error.message).toContain(path)
  return error.message.replaceAll(join(path, ' ').trimEnd(), '')
}

describe("a user's table", () => {
  it('overrides rows of the same code and year, and adds others', async () => {
    const mine = 'JP-13,JP,Tokyo-to,東京,Edo,1,2020,mine'
    const regions = await load({ 'mine.csv': `${header}\n${tokyo}\n${mine}\n` })
    expect(regions.population('JP-13', 2020)?.population).toBe(1)
    expect(regions.population('JP-13', 2024, { exact: true })?.population).toBe(14_195_730)
    expect(regions.population('JP-13', 2015)?.population).toBe(13_515_271)
    expect(regions.population('JP', 2020)?.population).toBe(126_146_099 - 14_047_594 + 1)
    expect(regions.region('JP-13')).toMatchObject({ name: 'Tokyo-to', localName: '東京' })
    for (const name of ['Edo', 'Tokyo', '東京都']) expect(regions.findByName('JP', name)).toEqual({ code: 'JP-13' })
    expect(regions.years('JP')).toEqual([2015, 2020, 2022]) // 2024 is not complete
  })

  it('adds a year, once every region has it', async () => {
    const shipped = await loadRegions()
    const rows = shipped.regionsOf('GB').map((region, index) => `${region.code},GB,,,,${index + 1},2024,mine`)
    const regions = await load({ 'GB.csv': [header, ...rows].join('\r\n') })
    expect(regions.years('GB')).toEqual([2018, 2024])
    expect(regions.population('GB', 2024)).toEqual({ population: 10, year: 2024 })
    expect(regions.region('GB-ENG')?.name).toBe('England')
  })

  it('may add countries, and regions that ISO 3166-2 does not have', async () => {
    const regions = await load({
      'a.csv': `${header}\nXK,XK,Kosovo,,,1800000,2024,estimate\n`,
      'b.csv': `${header}\nSG-99,SG,Newtown,,,5,2024,mine\n`,
    })
    expect(regions.population('XK', 2020)).toEqual({ population: 1_800_000, year: 2024 })
    expect(regions.region('SG-99')?.name).toBe('Newtown')
    expect(regions.resolve('newtown')).toEqual({ code: 'SG-99' })
  })

  it('is read with BOM, CRLF, quotes, columns in another order, and blank lines', async () => {
    const text =
      '\uFEFFyear,population,"quality",code,country,name,name_local,other_names\r\n\r\n2024,"7","so ""far"", mine",JP-13,JP,"To, kyo",,a | b\r\n'
    const regions = await load({ 'Mine.CSV': text, 'notes.txt': 'not a table' })
    expect(regions.population('JP-13', 2024)?.population).toBe(7)
    expect(regions.region('JP-13')?.name).toBe('To, kyo')
    expect(regions.findByName('JP', 'b')).toEqual({ code: 'JP-13' })
  })

  it('changes the hash', async () => {
    const [shipped, one, other] = await Promise.all([
      loadRegions(),
      load({ 'a.csv': `${header}\n${tokyo}\n` }),
      load({ 'a.csv': `${header}\n${tokyo.replace('14195730', '14195731')}\n` }),
    ])
    expect(new Set([shipped.hash, one.hash, other.hash]).size).toBe(3)
  })
})

const row = (changes: Partial<Record<(typeof regionColumns)[number], string>>): string => {
  const cells = {
    code: 'JP-13',
    country: 'JP',
    name: 'Tokyo',
    name_local: '',
    other_names: '',
    population: '5',
    year: '2024',
    quality: '',
  }
  return `${header}\n${Object.values({ ...cells, ...changes }).join(',')}\n`
}

describe("a fault in a user's table", () => {
  it.each<readonly [string, string | Uint8Array, string]>([
    ['an empty file', '', 'a.csv: the table is empty'],
    ['no header', `${tokyo}\n`, 'a.csv, line 1: there is no header row'],
    ['an unknown column', `${header},area\n`, 'a.csv, line 1: unknown column "area"'],
    ['a column twice', `${header},code\n`, 'a.csv, line 1: column "code" is there twice'],
    ['a missing column', `${header.replace(',year', '')}\n`, 'a.csv, line 1: column year is missing'],
    ['too few cells', `${header}\n${tokyo}\nJP-14,JP\n`, 'a.csv, line 3: 2 cells, but the header has 8'],
    [
      'a negative population',
      row({ population: '-5' }),
      'a.csv, line 2, field population: "-5" is not a number of people',
    ],
    ['a population with a point', row({ population: '1.5' }), 'field population: "1.5" is not a plain whole number'],
    [
      'a population with separators',
      row({ population: '"14,195,730"' }),
      'field population: "14,195,730" is not a plain whole number',
    ],
    ['no population', row({ population: '' }), 'field population: "" is not a number of people'],
    [
      'a huge population',
      row({ population: '9'.repeat(400) }),
      `field population: "${'9'.repeat(60)}" is not a number`,
    ],
    ['a hexadecimal population', row({ population: '0x10' }), 'field population: "0x10" is not'],
    ['a population of zero', row({ population: '0' }), 'field population: "0" is not'],
    ['a year before 1900', row({ year: '1899' }), 'a.csv, line 2, field year: "1899" is not a year'],
    ['a year after 2200', row({ year: '2201' }), 'field year: "2201" is not a year'],
    ['a year in words', row({ year: '令和6年' }), 'field year: "令和6年" is not a year'],
    ['no code', row({ code: '' }), 'field code: "" is not an ISO 3166-2 code'],
    ['a code in lower case', row({ code: 'jp-13' }), 'field code: "jp-13" is not an ISO 3166-2 code'],
    ['a code too long', row({ code: 'JP-1234' }), 'field code: "JP-1234" is not an ISO 3166-2 code'],
    ['another country', row({ country: 'US' }), 'field country: "US" is not the country of JP-13'],
    ['no such country', row({ code: 'QQ-1', country: 'QQ' }), 'field country: "QQ" is not a country of ISO 3166-1'],
    [
      'a code of a deeper level',
      row({ code: 'GB-LND', country: 'GB' }),
      'field code: GB-LND is not of level 1 of ISO 3166-2: it counts for GB-ENG',
    ],
    [
      'a territory',
      row({ code: 'US-PR', country: 'US' }),
      'field code: US-PR is not of level 1 of ISO 3166-2: it counts for PR',
    ],
    [
      'an entry that is no region',
      row({ code: 'GB-UKM', country: 'GB' }),
      'field code: GB-UKM is not a region of level 1',
    ],
    [
      'a new region without a name',
      row({ code: 'JP-48', name: '' }),
      'field name: ISO 3166-2 has no JP-48, so it needs a name',
    ],
    [
      'a code and year twice',
      `${header}\n${tokyo}\n\n${tokyo}\n`,
      'a.csv, line 4, field code: JP-13 has a row for 2024 already, line 2',
    ],
    ['a quote that does not end', `${header}\n"JP-13,JP\n`, 'not valid CSV, a double quote is out of place'],
    [
      'a quote in the middle',
      `${header}\nJP-13,JP,To"k"yo,,,5,2024,\n`,
      'a.csv, line 2: not valid CSV, a double quote is out of place',
    ],
    ['a control character', row({ name: 'To\u0000kyo' }), 'contains a control character'],
    [
      'another encoding',
      Buffer.from([...Buffer.from(`${header}\n`), 0x93, 0x8c, 0x8b, 0x9e]),
      'a.csv, line 2: not UTF-8 text',
    ],
    ['too large a file', Buffer.alloc(17 * 1024 * 1024, 0x2c), 'a.csv: a region table may have 16 MiB at most'],
  ])('%s', async (_title, content, expected) => expect(await fault({ 'a.csv': content })).toContain(expected))

  it('is a row of another country than the file is named for', async () => {
    expect(await fault({ 'US.csv': row({}) })).toBe('US.csv, line 2, field country: "JP" in a table of US')
  })

  it('is a code and year in two files', async () => {
    const message = await fault({ 'a.csv': row({}), 'b.csv': row({}) })
    expect(message).toBe('b.csv, line 2, field code: JP-13 has a row for 2024 already, in a.csv')
  })

  it('is a directory that is not there, is a file, or holds no table', async () => {
    const path = await tables({ 'x.txt': '' })
    for (const [where, what] of [
      [join(path, 'nowhere'), 'ENOENT'],
      [join(path, 'x.txt'), 'ENOTDIR'],
      [path, 'there is no .csv file'],
    ] as const) {
      await expect(loadRegions({ userTables: where })).rejects.toMatchObject({
        name: 'CensusError',
        exit: 2,
        message: expect.stringContaining(what) as unknown,
        hint: expect.stringContaining('README.md') as unknown,
      })
    }
  })
})
