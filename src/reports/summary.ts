import stringWidth from 'string-width'
import type { Denominator } from '../model/denominator.ts'
import type { Region } from '../model/region.ts'
import type { PublishedRow } from '../model/published.ts'
import type { Unit } from '../model/tally.ts'
import { denominatorWords } from './denominators-text.ts'
import { counted, fit, grouped, moved, printable, table, terminalWidth, wrapped } from './text.ts'

/** How the addresses of a snapshot were placed, and which are suspect. */
export interface Placing {
  /** Addresses by the means that placed them. */
  readonly placedAddresses: Readonly<Record<string, number | undefined>>
  readonly defaultGeolocationAddresses: number
  readonly suspectAddresses: number
}

export function placingLines(facts: Placing): string[] {
  return [
    ...wrapped(`addresses placed by: ${counted(facts.placedAddresses) || 'none'}`, terminalWidth),
    ...(facts.defaultGeolocationAddresses === 0
      ? []
      : [
          `${grouped(facts.defaultGeolocationAddresses)} addresses sit where databases put what they do not know better`,
        ]),
    ...(facts.suspectAddresses === 0
      ? []
      : [`${grouped(facts.suspectAddresses)} addresses are suspect (over 100 ports, or tagged honeypot or middlebox)`]),
  ]
}

/** What the summary is made of. */
export interface Summary {
  readonly snapshotId: string
  readonly sources: readonly string[]
  readonly observed: { readonly from: string; readonly to: string }
  /** Whether records held were counted, or a search engine counted. */
  readonly basis: 'records' | 'facets'
  readonly unit: Unit
  /** An engine's total when it was first asked, and at the end. */
  readonly drift?: { readonly first: number; readonly last: number }
  /** Rows of that unit by region, one source. */
  readonly rows: readonly PublishedRow[]
  /** What their rates are for. */
  readonly denominator: Denominator
  /** Which ranks survive other denominators, in lines. */
  readonly survival: readonly string[]
  readonly country: string | undefined
  /** Whether only some regions were asked for: then all of them are shown. */
  readonly restricted: boolean
  readonly region: (code: string) => Region | undefined
  readonly per: number
  /** Services and categories asked for, if any were named. */
  readonly services: readonly string[] | undefined
  readonly withoutSuspects: ReadonlyMap<string, number>
  readonly mailProducts: readonly { readonly product: string; readonly addresses: number }[]
}

/** The prefectures of Trend Micro's study of 2016: Japan's five largest. */
const studied = ['JP-13', 'JP-14', 'JP-27', 'JP-23', 'JP-11']
const preferred = ['mail', 'time', 'iot']

/** The report in a terminal of 80 columns: the five-prefecture table of the study (elsewhere the five most populous regions). */
export function summaryLines(summary: Summary): string[] {
  const { country, rows } = summary
  const things = summary.basis === 'records' ? `exposed ${summary.unit}` : `${summary.unit} the engine counts`
  const observed =
    summary.observed.from === ''
      ? 'undated'
      : `observed ${summary.observed.from.slice(0, 10)} to ${summary.observed.to.slice(0, 10)}`
  const lines = [
    fit(`Snapshot ${printable(summary.snapshotId)}: ${summary.sources.join(', ') || 'no source'}, ${observed}.`, 80),
  ]
  if (country === undefined) return [...lines, 'No exposed address has a known country.']
  const ofCountry = rows.filter((row) => row.country === country)
  const cell = (region: string, service: string): PublishedRow | undefined =>
    ofCountry.find((row) => row.region === region && row.service === service)
  // What only some services were asked for has no row of all.
  const head = ofCountry.some((row) => row.service === 'all') ? 'all' : (ofCountry[0]?.service ?? 'all')
  const total = cell(country, head)
  const unknown = cell('unknown', head)
  const of = head === 'all' ? things : `${things} of ${head}`
  const name = summary.region(country)?.name ?? country
  const exposed = isHidden(total) ? `a hidden number of ${of}` : `${countText(total)} ${of}`
  const unplaced = isHidden(unknown) ? 'a hidden number' : countText(unknown)
  lines.push(`${name}: ${exposed}, ${unplaced} of them of unknown region.`)
  if (summary.drift !== undefined) lines.push(moved("The engine's total", summary.drift))
  const cleaned = summary.withoutSuspects.get(`${country}\0${head}`)
  if (cleaned !== undefined) lines.push(`Without hosts flagged suspect: ${grouped(cleaned)}.`)
  // What a scope lets be asked is not the whole of a region: beside counts stands how many were asked.
  const isScoped = ofCountry.some((row) => row.flags.includes('scope-limited'))
  lines.push(rated(total, isScoped, summary), '')

  const regions = regionsShown(ofCountry, country, head, summary.restricted)
  const rate = (row: PublishedRow | undefined): string =>
    row?.per100k === undefined ? '-' : decimals((row.per100k / 100_000) * summary.per)
  const label = (code: string): string => {
    if (code === 'unknown') return 'unknown'
    const region = summary.region(code)
    return region === undefined
      ? code
      : [region.name, region.localName].filter((each) => each !== undefined && each !== '').join(' ')
  }
  const figures = (services: readonly string[]): string[] =>
    table(
      [
        { title: 'Region', align: 'left', maxWidth: 18 },
        { title: isScoped ? 'Asked' : denominatorWords[summary.denominator].title, align: 'right' },
        ...services.flatMap((service) => [
          { title: fit(service, 8), align: 'right' as const },
          ...(isScoped ? [] : [{ title: 'rate', align: 'right' as const }]),
        ]),
        ...(isScoped ? [] : [{ title: 'Rank', align: 'right' as const }]),
      ],
      [...regions, country, 'unknown'].map((code) => {
        const first = cell(code, head)
        const beside = isScoped ? first?.asked : first?.population
        return [
          label(code),
          beside === undefined ? '-' : grouped(beside),
          ...services.flatMap((service) => [
            countText(cell(code, service)),
            ...(isScoped ? [] : [rate(cell(code, service))]),
          ]),
          ...(isScoped ? [] : [first?.rank === undefined ? '-' : String(first.rank)]),
        ]
      }),
      services.length === 1 ? terminalWidth : Infinity,
    )
  let services = servicesShown(ofCountry, summary.services)
  let body = figures(services)
  while (services.length > 1 && body.some((line) => stringWidth(line) > terminalWidth)) {
    services = services.slice(0, -1)
    body = figures(services)
  }
  const ranked = `Rank: of the rate of ${head === 'all' ? 'all ' : ''}${of}, among the regions of ${name}.`
  lines.push(...body, ...(isScoped ? [] : ['', ...wrapped(ranked, terminalWidth)]), ...summary.survival)
  if (summary.mailProducts.length > 0) {
    const shown = summary.mailProducts.slice(0, 8)
    const rest = summary.mailProducts.slice(8).reduce((sum, each) => sum + each.addresses, 0)
    const products = shown.map(({ product, addresses }) => [
      product === '' ? '(not told)' : product,
      grouped(addresses),
    ])
    if (rest > 0) products.push([`${summary.mailProducts.length - shown.length} others`, grouped(rest)])
    lines.push(
      '',
      ...table(
        [
          { title: 'Mail servers by product', align: 'left', maxWidth: 60 },
          { title: 'Addresses', align: 'right' },
        ],
        products,
      ),
    )
  }
  return lines
}

/** What the figures beside counts are. */
function rated(total: PublishedRow | undefined, isScoped: boolean, { denominator, per }: Summary): string {
  if (isScoped) return 'Of the addresses of a scope alone: no rates per head, no ranks.'
  if (denominator !== 'people') return `Rates per ${grouped(per)} ${denominatorWords[denominator].of}.`
  return total?.population === undefined
    ? 'Population not known: counts without rates.'
    : `Population of ${total.populationYear}; rates per ${grouped(per)} people.`
}

/** `all`, and the categories or services asked for (else the study's); the table drops the last where 80 columns are too few. */
function servicesShown(rows: readonly PublishedRow[], asked: readonly string[] | undefined): string[] {
  const found = [...new Set(rows.map((row) => row.service))]
  const first = ['all', ...(asked ?? preferred)].filter((service) => found.includes(service))
  return [...new Set([...first, ...found])].slice(0, 4)
}

function regionsShown(rows: readonly PublishedRow[], country: string, head: string, restricted: boolean): string[] {
  const regions = rows.filter((row) => row.service === head && row.region !== country && row.region !== 'unknown')
  if (restricted) return regions.map((row) => row.region)
  const scoped = regions.filter((row) => (row.asked ?? 0) > 0)
  if (scoped.length > 0)
    return scoped
      .toSorted((a, b) => (b.asked ?? 0) - (a.asked ?? 0) || (a.region < b.region ? -1 : 1))
      .map((row) => row.region)
  if (country === 'JP' && studied.some((code) => regions.some((row) => row.region === code))) {
    return studied.filter((code) => regions.some((row) => row.region === code))
  }
  return regions
    .toSorted(
      (a, b) =>
        (b.population ?? 0) - (a.population ?? 0) || (b.count ?? 0) - (a.count ?? 0) || (a.region < b.region ? -1 : 1),
    )
    .slice(0, 5)
    .map((row) => row.region)
}

const isHidden = (row: PublishedRow | undefined): boolean => row !== undefined && row.count === undefined

/** A row that is not there is one of nothing. */
const countText = (row: PublishedRow | undefined): string => (isHidden(row) ? 'hidden' : grouped(row?.count ?? 0))

/** Enough digits to compare, few enough for a table. */
const decimals = (value: number): string =>
  value >= 1000 ? grouped(Math.round(value)) : value >= 100 ? value.toFixed(1) : value.toFixed(2)
