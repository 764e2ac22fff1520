import { join } from 'node:path'
import { historyRows } from '../aggregate/history.ts'
import { serviceRows } from '../aggregate/service-rows.ts'
import type { RegionTable } from '../locate/regions.ts'
import type { HistoryRow } from '../model/history.ts'
import type { PagePeriod, PageView } from '../model/page.ts'
import type { ReportRow } from '../model/report-row.ts'
import type { Warning } from '../model/warning.ts'
import { loadServices } from '../recognise/service.ts'
import { snapshotFacts } from '../reports/datapackage.ts'
import type { Header } from '../reports/region-table.ts'
import type { Snapshot } from '../store/snapshots.ts'
import type { CensusRequest } from './census.ts'
import { openFigures, type Figures } from './figures.ts'
import { reportRows, type RowsContext } from './report-rows.ts'
import type { Series } from './series.ts'
import { normalised } from './survey-rows.ts'

/** A snapshot of a series. */
interface Period {
  readonly snapshot: Snapshot
  readonly basis: 'records' | 'facets'
  readonly header: Header
  /** What datapackage.json says of it. */
  readonly facts: object
  /** Rows of exposure-by-region.csv in the unit its report is told in, rates by the newest snapshot's populations. */
  readonly rows: readonly ReportRow[]
}

/** A series of snapshots, as a report tells it. */
export interface History {
  readonly periods: readonly Period[]
  readonly rows: readonly HistoryRow[]
  readonly warnings: readonly Warning[]
}

/**
 * The figures of a report's series: every service and country that any of its snapshots has, for all that can tell of it;
 * undefined where the report is of one snapshot alone.
 * @param newest of the report: its populations are those of all
 * @param draft a folder for what does not fit in memory
 */
export async function historyOf(
  newest: RowsContext & { readonly regions: RegionTable },
  { earlier, differing }: Series,
  request: CensusRequest & { readonly services?: readonly string[] },
  draft: string,
): Promise<History | undefined> {
  if (earlier.length === 0) return undefined
  const { regions } = newest
  const opened = async <T>(snapshot: Snapshot, work: (figures: Figures) => Promise<T>): Promise<T> => {
    // One at a time: each has a database of its own.
    const figures = await openFigures(snapshot, regions, request, join(draft, `spill-${snapshot.id}`))
    return work(figures).finally(() => figures.close())
  }
  const services = new Set(await newest.figures.services())
  const countries = new Set(await newest.figures.countries())
  for (const each of earlier)
    await opened(each, async (figures) => {
      for (const service of await figures.services()) services.add(service)
      for (const country of await figures.countries()) countries.add(country)
    })
  const asked = serviceRows(loadServices(), [...services].toSorted(), request.services?.map(normalised))
  const periodOf = async (snapshot: Snapshot, figures: Figures): Promise<Period> => {
    const context = {
      ...newest,
      snapshot,
      figures: { ...figures, countries: async () => [...countries] },
      serviceRows: asked.filter(({ id, isUnnamed }) => isUnnamed !== true && (figures.told?.has(id) ?? true)),
    }
    const rows: ReportRow[] = []
    for await (const row of reportRows(context, 'region'))
      if (figures.shown.some(({ source, unit }) => row.source === source && row.unit === unit))
        rows.push(differing.length === 0 ? row : { ...row, flags: [...row.flags, 'forced'] })
    return {
      snapshot,
      basis: snapshot.manifest.basis,
      header: await figures.headers(context),
      facts: snapshotFacts(snapshot.manifest, figures.facts, regions.hash),
      rows,
    }
  }
  const periods: Period[] = []
  for (const each of earlier) periods.push(await opened(each, (figures) => periodOf(each, figures)))
  periods.push(await periodOf(newest.snapshot, newest.figures))
  return { periods, rows: historyRows(periods), warnings: warningsOf(periods.slice(0, -1), differing) }
}

const warningsOf = (earlier: readonly Period[], differing: readonly string[]): Warning[] => [
  ...(differing.length === 0 ? [] : [{ kind: 'other-methods', differing } as const]),
  ...earlier.flatMap(({ snapshot: { id, manifest } }) =>
    manifest.missing.map((missing) => ({ kind: 'partial', snapshot: id, missing }) as const),
  ),
]

/** Totals of a view's place, source and unit in each snapshot of a series that has them, for the page's trend lines. */
export function pageHistory(history: History | undefined, basis: string, view: PageView): PagePeriod[] {
  const periods = (history?.periods ?? []).filter((each) => each.basis === basis)
  return periods.flatMap(({ snapshot, rows }) => {
    const mine = rows.filter(
      (row) => row.source === view.source && row.unit === view.unit && isTotal(row, view.country),
    )
    const totals = new Map<string, number>()
    for (const { service, count } of mine) totals.set(service, (totals.get(service) ?? 0) + count)
    if (mine.length === 0) return []
    const flags = (['partial', 'forced'] as const).filter((flag) => mine.some((row) => row.flags.includes(flag)))
    const { id, manifest } = snapshot
    return [{ snapshot: id, observedTo: manifest.observed.to, totals: Object.fromEntries(totals), flags }]
  })
}

/** Of the world: totals of countries, and what has none. */
const isTotal = ({ country, region }: ReportRow, of: string): boolean =>
  of === '' ? region === country || country === '' : country === of && region === of
