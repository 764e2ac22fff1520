import fc from 'fast-check'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDenominatorTable } from '../../src/locate/denominator-table.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import { CensusError } from '../../src/model/errors.ts'
import { withFolder } from '../helpers/census.ts'

const regions = await loadRegions()
const read = (content: string | Uint8Array) =>
  withFolder(async (folder) => {
    const path = join(folder, 'table.csv')
    await writeFile(path, content)
    return readDenominatorTable(path, regions)
  })

describe('readDenominatorTable', () => {
  it('reads whole numbers by region, in any order of columns, with byte order mark and CRLF', async () => {
    const table = await read('\ufeffslash24,code,households\r\n12,JP-13,6690934\r\n,JP-27,\r\n')
    expect(table.names).toEqual(['slash24', 'households'])
    expect([table.value('households', 'JP-13'), table.value('slash24', 'JP-13')]).toEqual([6690934, 12])
    expect([table.value('households', 'JP-27'), table.value('slash24', 'JP-01')]).toEqual([undefined, undefined])
    expect(table.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each([
    ['', 'there is no header row'],
    ['code\nJP-13\n', 'line 1: there is no header row'],
    ['households,slash24\n1,2\n', 'line 1: there is no header row'],
    ['code,people\nJP-13,5\n', 'line 1: the column "people"'],
    ['code,households,households\n', 'line 1: the column "households"'],
    ['code,households\nJP-13\n', 'line 2: 1 cells'],
    ['code,households\nJP-99,4\n', 'line 2, field code: "JP-99"'],
    ['code,households\nJP,4\n', 'line 2, field code: "JP"'],
    ['code,households\nTokyo,4\n', 'line 2, field code: "Tokyo"'],
    ['code,households\nJP-13,4\nJP-13,5\n', 'line 3, field code: JP-13 has a row already'],
    ...['0', '-1', '1.5', '1e3', '1,000'.replace(',', ' '), '=1+1', '１２', '99999999999999', 'x'].map((cell) => [
      `code,households\nJP-13,${cell}\n`,
      'line 2, field households',
    ]),
  ])('refuses %j with exit 2, naming file, line and field', async (content, what) => {
    const error = await read(content).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CensusError)
    expect(error).toMatchObject({ exit: 2, message: expect.stringContaining(what) as string })
    expect((error as CensusError).message).toMatch(/^\S*table\.csv/)
    expect((error as CensusError).message).not.toContain('\n')
  })

  it('reads or refuses whatever bytes there are', async () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `code,households\nJP-13,${text}`),
    )
    await fc.assert(
      fc.asyncProperty(hostile, async (content) => {
        const table = await read(content).catch((error: unknown) => {
          if (!(error instanceof CensusError) || error.exit !== 2) throw error
          return undefined
        })
        const value = table?.value('households', 'JP-13')
        expect(value === undefined || (Number.isSafeInteger(value) && value > 0)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('refuses what is cut off after a comma, and takes an empty last cell where its line has an end', async () => {
    const whole = 'code,households,slash24\r\nJP-13,6690934,12\r\nJP-27,,'
    for (const cut of [whole, `${whole} `, 'code,households\nJP-13,', 'code,households\nJP-13,""'])
      await expect(read(cut)).rejects.toMatchObject({
        exit: 2,
        message: expect.stringMatching(/table\.csv, line [23]: .*cut off$/) as string,
      })
    for (const end of ['\r\n', '\n', '\r', '5', ' 5'])
      expect((await read(whole + end)).value('households', 'JP-13')).toBe(6690934)
  })

  it('refuses a file that is not there', async () => {
    await expect(readDenominatorTable('/nowhere/table.csv', regions)).rejects.toMatchObject({ exit: 2 })
  })
})
