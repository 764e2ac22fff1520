import { basename } from 'node:path'
import { gatherTops, networkName, productName, type TopGatherer } from '../aggregate/page-tops.ts'
import { pageViews, type SourceRows } from '../aggregate/page-views.ts'
import { populationSources } from '../locate/population-sources.ts'
import type { RegionTable } from '../locate/regions.ts'
import type { PageFacts, PageFindings, PageOrigin, RegionMap } from '../model/page.ts'
import type { CrossBreakdown } from '../model/tally.ts'
import type { Warning } from '../model/warning.ts'
import { loadServices } from '../recognise/service.ts'
import type { Manifest, Snapshot } from '../store/snapshots.ts'
import { version } from '../version.ts'
import type { Figures } from './figures.ts'
import { pageHistory, type History } from './report-history.ts'

/** The most frequent products and networks, gathered while their files are written. */
export type Tops = Partial<Record<CrossBreakdown, TopGatherer>>

/** Records are counted by endpoint, which has one product and one network; an engine's counts are in its unit. */
export function openTops(figures: Figures, country: string | undefined): Tops {
  if (country === undefined) return {}
  const unitOf = (source: string) => {
    const shown = figures.shown.find((each) => each.source === source)
    return shown && (figures.census === undefined ? shown.unit : ('endpoints' as const))
  }
  return {
    product: gatherTops(country, unitOf, productName),
    network: gatherTops(country, unitOf, networkName),
  }
}

export interface PageInput {
  readonly snapshot: Snapshot
  readonly figures: Figures
  readonly regions: RegionTable
  readonly country: string | undefined
  readonly shown: readonly SourceRows[]
  readonly tops: Tops
  readonly warnings: readonly Warning[]
  /** Outlines of the country's regions. */
  readonly map: RegionMap | undefined
  /** Absent where the report is of one snapshot alone. */
  readonly history: History | undefined
  readonly findings: PageFindings
}

/** Everything report.html shows of a report. */
export function pageFacts(input: PageInput): PageFacts {
  const { snapshot, figures, regions, country, shown, tops, warnings, map, history, findings } = input
  const { manifest } = snapshot
  const catalogue = loadServices()
  const titles = new Map(catalogue.services.map(({ id, title }) => [id, title]))
  const views = pageViews(shown, country, {
    region: (code) => regions.region(code),
    title: (service) => titles.get(service) ?? '',
    isCategory: (service) => catalogue.categories.has(service),
    top: (kind, source, service) => tops[kind]?.top(source, service),
    map,
  })
  const countries = [...new Set(views.map((view) => view.country))]
  const populations = countries.flatMap((code) => populationSources(code))
  return {
    snapshot: snapshot.id,
    version,
    basis: manifest.basis,
    observed: manifest.observed,
    missing: manifest.missing.toSorted(),
    warnings,
    views,
    history: pageHistory(history, manifest.basis, views[0]),
    origins: origins(manifest),
    findings: findingsOf(findings, country, shown[0]?.source),
    credits: {
      populations: populations.filter(
        ({ title }, index) => populations.findIndex((each) => each.title === title) === index,
      ),
      dbip: (figures.census?.placedAddresses['address-database'] ?? 0) > 0,
    },
  }
}

/** Those that the page tells of. */
const findingsOf = (
  { outliers, concentrated, recaptured, denominated }: PageFindings,
  country: string | undefined,
  source: string | undefined,
): PageFindings => ({
  outliers: outliers.filter(({ row }) => row.country === country),
  concentrated: concentrated.filter((each) => each.source === source && each.region === country),
  recaptured: recaptured.filter(({ region }) => region === country),
  denominated: denominated.filter(
    ({ row }) => row.country === country && row.source === source && row.service === 'all',
  ),
})

/** In an order that does not depend on that of the input. */
function origins(manifest: Manifest): PageOrigin[] {
  const found: PageOrigin[] =
    manifest.basis === 'facets'
      ? manifest.survey.engines.map(({ source, unit, endpoint, rows }) => ({
          kind: 'engine',
          name: source,
          detail: `${endpoint}, ${unit}`,
          count: rows.find(({ service }) => service === 'all')?.total,
        }))
      : [
          // A folder's name is its owner's.
          ...manifest.inputs.map(({ name, format, records }) => ({
            kind: 'file' as const,
            name: basename(name),
            detail: format,
            count: records,
          })),
          ...(manifest.survey?.queries ?? []).map(({ what, query, rows }) => ({
            kind: 'query' as const,
            name: what,
            detail: query,
            count: rows,
          })),
          ...(manifest.probe === undefined
            ? []
            : [
                {
                  kind: 'scope' as const,
                  name: manifest.probe.owner,
                  detail: manifest.probe.doors.join(', '),
                  count: manifest.probe.addresses - manifest.probe.excluded,
                },
              ]),
        ]
  const key = (origin: PageOrigin): string => [origin.kind, origin.name, origin.detail, origin.count].join('\0')
  return found.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}
