import type { Tally } from '../model/tally.ts'
import type { FacetsManifest, RecordsManifest } from '../store/manifest.ts'
import { isOfRecords, type Snapshot } from '../store/snapshots.ts'

type Method = Readonly<Record<string, unknown>>

/**
 * What has to be the same of two snapshots of records. Of a scope not its file's hash, which changes with the dates of
 * the authorisation. The query of an import is not known.
 * @param source whose figures are meant; `all` of them together
 */
export function methodOf({ survey, probe, sources }: RecordsManifest, source: Tally['source']): Method {
  return {
    source: source === 'all' ? sources.toSorted() : source,
    way: survey !== undefined ? 'download' : probe !== undefined ? 'probe' : 'import',
    query: survey?.queries.map(({ query }) => query).toSorted(),
    scope: probe && [probe.coverage, probe.vantage, probe.addresses, probe.excluded],
    'list of ports': probe?.doors.toSorted(),
    'set of checks': probe?.checks?.toSorted(),
    discovery: probe?.discovery?.tool,
  }
}

/** In what two methods differ, in words. */
export const differences = (old: Method, now: Method): string[] =>
  Object.keys(old).filter((what) => JSON.stringify(old[what]) !== JSON.stringify(now[what]))

/** In what two snapshots were not made in the same way, in words, so that the figures of both are no series. */
export function seriesDifferences(old: Snapshot, now: Snapshot): string[] {
  if (isOfRecords(old) && isOfRecords(now))
    return differences(methodOf(old.manifest, 'all'), methodOf(now.manifest, 'all'))
  if (isOfRecords(old) || isOfRecords(now)) return ['basis']
  return facetDifferences((old as Snapshot<FacetsManifest>).manifest, (now as Snapshot<FacetsManifest>).manifest)
}

/** A service that one of them did not ask for is no difference: it has no figure there. */
function facetDifferences(old: FacetsManifest, now: FacetsManifest): string[] {
  const [before, after] = [askedBy(old), askedBy(now)]
  const isOther = [...before].some(([row, asked]) => after.has(row) && after.get(row) !== asked)
  const units = ({ survey }: FacetsManifest): string[] =>
    survey.engines.map(({ source, unit }) => `${source} ${unit}`).toSorted()
  return [
    ...differences({ source: old.sources.toSorted() }, { source: now.sources.toSorted() }),
    ...differences({ unit: units(old) }, { unit: units(now) }),
    ...(isOther ? ['query'] : []),
  ]
}

/** What each row of each engine was asked by. */
const askedBy = ({ survey }: FacetsManifest): ReadonlyMap<string, string> =>
  new Map(
    survey.engines.flatMap(({ source, rows }) =>
      rows.map(({ service, asked }): [string, string] => [`${source} ${service}`, asked]),
    ),
  )
