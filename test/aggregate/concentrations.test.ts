import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gatherConcentrations } from '../../src/aggregate/concentrations.ts'
import type { ReportRow } from '../../src/model/report-row.ts'
import { reportRow } from '../helpers/report-row.ts'

const row = (asn: string, organisation: string, count: number, rest: Partial<ReportRow> = {}): ReportRow =>
  reportRow({ region: 'JP-13', service: 'ntp', unit: 'endpoints', keys: [asn, organisation], count, ...rest })

const gathered = (rows: readonly ReportRow[]) => {
  const gatherer = gatherConcentrations()
  for (const each of rows) gatherer.see(each)
  return gatherer.found()
}

describe('gatherConcentrations', () => {
  // Shares of 30, 30, 20 and 20 % have an index of 2,600 points (U.S. Department of Justice, Herfindahl–Hirschman Index).
  test('has the index of the published example, and its halves', () => {
    const found = gathered([
      row('64496', 'a', 20),
      row('64497', 'b', 10),
      row('64497', 'c', 20),
      row('64498', 'd', 30),
      row('64499', 'e', 20),
    ])
    expect(found).toHaveLength(1)
    expect(Math.round((found[0]?.herfindahl ?? 0) * 10_000)).toBe(2600)
    expect(found[0]).toMatchObject({ region: 'JP-13', count: 100, untold: 0, networks: 4, half: 2 })
    // Of two with 30 the first by number, with the organisation of most of it.
    expect(found[0]?.largest).toEqual({ asn: '64497', organisation: 'c', share: 0.3 })
  })

  test('keeps regions, services and sources apart, and takes endpoints alone', () => {
    const found = gathered([
      row('1', 'a', 3),
      row('1', 'a', 9, { unit: 'addresses' }),
      row('1', 'a', 4, { region: 'JP-27' }),
      row('2', 'b', 5),
      row('1', 'a', 7, { service: 'smtp' }),
      row('1', 'a', 2, { source: 'censys', service: 'smtp' }),
    ])
    expect(found.map((each) => [each.source, each.service, each.region, each.count])).toEqual([
      ['shodan', 'ntp', 'JP-13', 8],
      ['shodan', 'ntp', 'JP-27', 4],
      ['shodan', 'smtp', 'JP-13', 7],
      ['censys', 'smtp', 'JP-13', 2],
    ])
  })

  test('sets aside what has no network, and is silent where nothing has one', () => {
    const some = gathered([row('', 'somebody', 90), row('64496', '', 10)])
    expect(some).toMatchObject([{ count: 10, untold: 90, networks: 1, half: 1, largest: { asn: '64496', share: 1 } }])
    expect(gathered([row('', 'somebody', 90)])).toEqual([])
    expect(gathered([])).toEqual([])
  })

  test('is what trying every set of networks finds', () => {
    const networks = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(networks, (counts) => {
        const [found] = gathered(counts.map((count, index) => row(String(index + 1), '', count)))
        const total = counts.reduce((sum, count) => sum + count, 0)
        let fewest = Infinity
        for (let set = 1; set < 2 ** counts.length; set++) {
          const held = counts.filter((_, index) => (set >> index) % 2 === 1)
          if (held.reduce((sum, count) => sum + count, 0) * 2 >= total) fewest = Math.min(fewest, held.length)
        }
        expect(found?.half).toBe(fewest)
        expect(found?.largest.share).toBe(Math.max(...counts) / total)
        // The chance that two endpoints drawn with replacement are of one network.
        const alike = counts.reduce((sum, count) => sum + count * count, 0) / (total * total)
        expect(found?.herfindahl).toBeCloseTo(alike, 12)
      }),
    )
  })
})
