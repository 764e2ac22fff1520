import { describe, expect, test } from 'vitest'
import type { Outlier } from '../../../src/model/findings.ts'
import type { PageFindings } from '../../../src/model/page.ts'
import type { ReportRow } from '../../../src/model/report-row.ts'
import { page } from '../../../src/reports/page/page.ts'
import { syntheticPage } from '../../helpers/page.ts'

const at = {
  source: 'shodan',
  country: 'JP',
  region: 'JP-14',
  regionName: 'Kanagawa',
  regionNameLocal: '神奈川県',
  service: 'ntp',
  unit: 'addresses',
} as const
const figure = (ratio: number, rest: Partial<ReportRow> = {}): ReportRow => ({
  ...at,
  keys: [],
  asked: undefined,
  count: 58,
  population: 1_000_000,
  populationYear: 2020,
  per100k: 5.8,
  per100kLow: undefined,
  per100kHigh: undefined,
  rateRatio: ratio,
  rank: 1,
  flags: [],
  ...rest,
})
const network = (row: ReportRow, rest: Partial<Outlier> = {}): Outlier => ({
  row,
  kind: 'network',
  asn: '64496',
  organisation: '',
  vendor: '',
  product: '',
  countWithout: 8,
  per100kWithout: 0.8,
  share: 0.58,
  shareWithout: 0.16,
  ...rest,
})
const nothing: PageFindings = { outliers: [], concentrated: [], recaptured: [], denominated: [] }
const facts = await syntheticPage({ services: 3 })
const made = (findings: Partial<PageFindings>, language: 'en' | 'ja' = 'en'): string =>
  page({ ...facts, findings: { ...nothing, ...findings } }, language)

describe('findings of a page', () => {
  test('say in sentences what a region stands out by, in both languages', () => {
    const outliers = [network(figure(3))]
    const english = made({ outliers })
    expect(english).toContain(
      'Kanagawa, NTP time server: 5.80 per 100,000 people. That is 58.0\u00a0% of its addresses',
    )
    expect(english).toContain('Without the network AS64496: 0.800 and 16.0\u00a0%.')
    expect(made({ outliers }, 'ja')).toContain('ネットワーク「AS64496」を除くと 0.800、16.0\u00a0%。')
    const all = made({
      outliers: [network(figure(3, { service: 'all' }), { share: undefined, shareWithout: undefined })],
    })
    expect(all).toContain('Without the network AS64496: 0.800.')
  })

  test('tell of the ten figures with the highest rate ratio', () => {
    const outliers = Array.from({ length: 14 }, (_, index) =>
      network(figure(index + 1), { kind: 'product', product: `Product-of-${index + 1}.` }),
    )
    const told = [...made({ outliers }).matchAll(/Product-of-(\d+)\./g)].map(([, ratio]) => Number(ratio))
    expect(told).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5])
  })

  test('tell why two sources give no estimate, of which networks a service is, and which ranks survive', () => {
    const pair = { ...at, region: 'JP', firstSource: 'censys', secondSource: 'shodan', seenByFirst: 1500 }
    const seen = { seenBySecond: 1100, seenByBoth: 620, seen: 1980 }
    const abundance = { estimate: 2660.4, low: 2570.2, high: 2767.9 }
    const measure = {
      row: figure(3),
      value: 1,
      per100k: 1,
      low: 1,
      high: 1,
      rankRange: undefined,
      survival: 'no',
    } as const
    const text = made({
      recaptured: [
        { ...pair, ...seen, abundance, refused: undefined },
        { ...pair, ...seen, abundance: undefined, refused: 'nested' },
      ],
      concentrated: [
        {
          ...at,
          region: 'JP',
          service: 'all',
          unit: 'endpoints',
          count: 100,
          untold: 0,
          networks: 40,
          half: 2,
          herfindahl: 0.26,
          largest: { asn: '64497', organisation: '例示通信', share: 0.3 },
        },
      ],
      denominated: [
        { ...measure, denominator: 'people', rank: 3, agreement: 1 },
        { ...measure, denominator: 'addresses', rank: 44, agreement: -0.25 },
      ],
    }).replaceAll(/<[^>]*>/g, '|')
    expect(text).toMatch(/censys 1,500, shodan 1,100\|+620\|+2,660\|+2,570 – 2,768/)
    expect(text).toContain('one saw nothing that the other did not')
    expect(text).toContain('are in 2 of 40 networks; the largest, AS64497 例示通信, has 30.0\u00a0%.')
    expect(text).toMatch(/Kanagawa\|+3\|+44\|+no/)
    expect(text).toContain('tau-b -0.25')
  })

  test('are left out where there are none, and show names from outside as text', () => {
    expect(made({})).not.toContain('id="findings"')
    const { findings: _, ...without } = facts
    expect(page(without, 'en')).not.toContain('id="findings"')
    const name = '<script>alert(1)</script>\u202e'
    const hostile = made({ outliers: [network(figure(3), { kind: 'organisation', organisation: name })] })
    expect(hostile).toContain('&lt;script&gt;alert(1)&lt;/script&gt;?')
    expect(hostile).not.toContain('<script>alert')
  })
})
