import { createHash } from 'node:crypto'
import type { parseHTML } from 'linkedom'
import { expect } from 'vitest'
import { censusRows } from '../../src/aggregate/census-rows.ts'
import { gatherConcentrations } from '../../src/aggregate/concentrations.ts'
import { denominated } from '../../src/aggregate/denominated.ts'
import { gatherTops, networkName, productName } from '../../src/aggregate/page-tops.ts'
import { pageViews } from '../../src/aggregate/page-views.ts'
import { loadRegionMap } from '../../src/locate/region-map.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import type { Concentrated } from '../../src/model/findings.ts'
import type { PageFacts, PageFindings } from '../../src/model/page.ts'
import type { ReportRow } from '../../src/model/report-row.ts'
import type { Tally } from '../../src/model/tally.ts'
import { nearestYears, regionsView } from '../../src/pipeline/report-scope.ts'
import { loadServices } from '../../src/recognise/service.ts'
import { chapman } from '../../src/statistics/capture-recapture.ts'

export interface SyntheticPage {
  /** ISO 3166-1 codes; several make a page of the world. */
  readonly countries?: readonly string[]
  /** Service rows beside `all`. */
  readonly services?: number
  /** Events for every million people, of the first service. */
  readonly perMillion?: number
  readonly names?: Partial<Record<'snapshot' | 'product' | 'organisation' | 'service' | 'warning' | 'region', string>>
}

/** Facts of a page as a report would make them, of counts that only the request decides. */
export async function syntheticPage({
  countries = ['JP'],
  services = 60,
  perMillion = 40,
  names = {},
}: SyntheticPage = {}): Promise<PageFacts> {
  const regions = await loadRegions()
  const catalogue = loadServices()
  const view = regionsView(regions, nearestYears({ from: '2020-01-01', to: '2020-12-31' }, regions))
  const ids = ['ntp', ...catalogue.services.map(({ id }) => id).filter((id) => id !== 'ntp')].slice(0, services)
  const listed = ['all', ...ids.slice(0, services - (names.service === undefined ? 0 : 1)), names.service ?? []].flat()

  const tallies = (keys: readonly (readonly string[])[]): Tally[] =>
    listed.flatMap((service, row) =>
      keys.flatMap((key, position) =>
        countries.toSorted().flatMap((country) =>
          [...regions.regionsOf(country).map(({ code }) => code), ''].map((region, index): Tally => {
            const people = view.population(region)?.population ?? 1_000_000
            // Spread over regions, services and keys by a linear congruence, so that every run has the same.
            const spread = ((index * 7919 + row * 104_729 + position * 31) % 97) / 97
            const count = Math.floor(((people / 1_000_000) * perMillion * (0.2 + spread)) / (1 + row) / (1 + position))
            const counts = { addresses: count, endpoints: count, banners: count }
            return { source: 'shodan', country, region, service, keys: key, counts, flags: 0, speakingFlags: 0 }
          }),
        ),
      ),
    )
  const rows = async (keys: readonly (readonly string[])[]): Promise<ReportRow[]> => {
    const found: ReportRow[] = []
    // As a report has them: by country, then by service.
    const sorted = countries.toSorted().flatMap((country) => tallies(keys).filter((each) => each.country === country))
    for await (const row of censusRows(sorted, view, {
      units: () => ['addresses', 'endpoints', 'banners'],
      per: 100_000,
      zeros: true,
      flags: () => [],
    }))
      found.push(row)
    return found
  }

  const country = countries[0] ?? 'JP'
  const tops = {
    product: gatherTops(country, () => 'endpoints', productName),
    network: gatherTops(country, () => 'endpoints', networkName),
  }
  const products = Array.from({ length: 14 }, (_, index) => ['Example', `Product ${index}`, ''])
  const networks = Array.from({ length: 12 }, (_, index) => [String(64_512 + index), `Example Network ${index}`])
  if (names.product !== undefined) products.unshift(['Example', names.product, ''])
  if (names.organisation !== undefined) networks.unshift(['64511', names.organisation])
  for (const row of await rows(products)) tops.product.see(row)
  const concentrations = gatherConcentrations()
  for (const row of await rows(networks)) {
    tops.network.see(row)
    concentrations.see(row)
  }

  const figures = (await rows([[]])).filter(({ unit }) => unit === 'addresses')
  const views = pageViews([{ source: 'shodan', unit: 'addresses', rows: figures }], country, {
    region: (code) => {
      const region = regions.region(code)
      return region === undefined || names.region === undefined || !code.includes('-')
        ? region
        : { ...region, name: names.region, localName: names.region }
    },
    title: (id) => catalogue.services.find((service) => service.id === id)?.title ?? '',
    isCategory: (id) => catalogue.categories.has(id),
    top: (kind, source, service) => tops[kind].top(source, service),
    map: (await loadRegionMap(country, regions)).map,
  })
  return {
    snapshot: names.snapshot ?? 'synthetic',
    version: '0.0.0',
    basis: 'records',
    observed: { from: '2020-01-01T00:00:00Z', to: '2020-12-31T23:59:59Z' },
    missing: [],
    warnings: names.warning === undefined ? [] : [{ kind: 'partial', snapshot: 'x', missing: names.warning }],
    views,
    history: [],
    findings: findingsOf(
      figures.filter((row) => row.country === country),
      concentrations.found().filter(({ region }) => region === country),
      [networks, products],
    ),
    origins: [{ kind: 'file', name: names.snapshot ?? 'synthetic.ndjson', detail: 'shodan', count: 1 }],
    credits: { populations: [], dbip: true },
  }
}

/** What stands out, in how few networks it is, what two sources missed, and other rates: something of each kind. */
function findingsOf(
  rows: readonly ReportRow[],
  concentrated: readonly Concentrated[],
  [networks, products]: readonly (readonly (readonly string[])[])[],
): PageFindings {
  const [asn = '', organisation = ''] = networks?.[0] ?? []
  const [vendor = '', product = ''] = products?.[0] ?? []
  const none = { asn: '', organisation: '', vendor: '', product: '' }
  const parts = [
    { ...none, kind: 'network', asn, organisation },
    { ...none, kind: 'organisation', organisation },
    { ...none, kind: 'product', vendor, product },
  ] as const
  const regions = rows.filter(({ region, country }) => region !== country && region !== 'unknown')
  const outliers = regions
    .filter(({ service, rateRatio }) => service !== 'all' && rateRatio !== undefined)
    .toSorted((a, b) => (b.rateRatio ?? 0) - (a.rateRatio ?? 0))
    .slice(0, 4)
    .flatMap((row, index) =>
      parts.slice(0, 1 + (index % 3)).map((part) => ({
        ...part,
        row,
        countWithout: Math.floor(row.count / 3),
        per100kWithout: (row.per100k ?? 0) / 3,
        ...(index === 3 ? { share: undefined, shareWithout: undefined } : { share: 0.58, shareWithout: 0.12 }),
      })),
    )
  const recaptured = rows
    .filter(({ region, country }) => region === country)
    .slice(0, 3)
    .map((row, index) => {
      const seen = { seenByFirst: row.count, seenBySecond: row.count, seenByBoth: Math.floor(row.count / 2) }
      const estimated = index === 2 ? undefined : chapman(seen.seenByFirst, seen.seenBySecond, seen.seenByBoth)
      return {
        ...row,
        ...seen,
        firstSource: 'censys',
        secondSource: 'shodan',
        seen: seen.seenByFirst + seen.seenBySecond - seen.seenByBoth,
        abundance: estimated && { estimate: estimated.estimate, ...estimated.interval },
        refused: estimated === undefined ? ('few' as const) : undefined,
      }
    })
  const totals = rows.filter(({ service }) => service === 'all')
  const measures = [{ name: 'addresses' as const, value: (region: string) => 1000 * (1 + (region.charCodeAt(4) % 7)) }]
  return { outliers, concentrated, recaptured, denominated: [...denominated(totals, measures)] }
}

/** The policy that fits a page's one style and its one script. */
export function policyOf(document: ReturnType<typeof parseHTML>['document']): string {
  const hash = (name: string): string => {
    const inline = [...document.querySelectorAll(name)].filter((each) => each.getAttribute('type') === null)
    expect(inline).toHaveLength(1)
    return createHash('sha256')
      .update(inline[0]?.textContent ?? '')
      .digest('base64')
  }
  return `default-src 'none'; style-src 'sha256-${hash('style')}'; script-src 'sha256-${hash('script')}'; base-uri 'none'; form-action 'none'`
}
