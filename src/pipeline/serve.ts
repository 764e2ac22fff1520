import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '../api/answers.ts'
import { servedLocation, type Location, type SaidOfPlace } from '../api/location.ts'
import type { Words } from '../api/words.ts'
import { loadRegions, type RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import { listen } from '../net/server.ts'
import { loadServices, type ServiceCatalogue } from '../recognise/service.ts'
import { censusOf } from '../store/census-sql.ts'
import { markUsed } from '../store/censuses.ts'
import { openDatabase, parquetFiles, storageError } from '../store/duckdb.ts'
import { findSnapshot, isOfRecords, type RecordsSnapshot } from '../store/snapshots.ts'
import { censusOfSnapshot, type CensusRequest } from './census.ts'
import { loadDeciders } from './deciders.ts'

export interface ServeRequest extends CensusRequest {
  readonly store: string
  readonly snapshot?: string
  /** 0: any that is free. */
  readonly port: number
  /** What whoever asks must name as `key`. */
  readonly key: string
}

export interface Serving {
  readonly snapshot: RecordsSnapshot
  /** `http://127.0.0.1:8417` */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves a snapshot's census on loopback, as Shodan's API would.
 * @throws CensusError exit 2 for a snapshot or table there is not, exit 1 for a port that is taken
 */
export async function serve(request: ServeRequest): Promise<Serving> {
  const snapshot = await findSnapshot(request.store, request.snapshot)
  if (!isOfRecords(snapshot))
    throw wrongInput(
      `the snapshot ${snapshot.id} holds counts and no records`,
      'name one of records with --snapshot: `census list snapshots` shows them',
    )
  const regions = await loadRegions(request.regionTables === undefined ? {} : { userTables: request.regionTables })
  const census = await censusOfSnapshot(snapshot, regions, request)
  const closing: (() => unknown)[] = [() => census.close()]
  const close = async (): Promise<void> => {
    // The last opened first: nobody asks a database that is closed.
    for (const each of closing.splice(0).toReversed()) await each()
  }
  // A census that nobody used for a day goes when the next is made.
  const using = setInterval(() => void markUsed(census.folder), 3_600_000)
  closing.push(() => clearInterval(using))
  try {
    const { places } = await loadDeciders(regions, request)
    const database = await openDatabase({
      folders: [census.folder, snapshot.folder],
      // Made only when something does not fit in memory, and removed with the database.
      temporary: join(tmpdir(), `census-serve-${randomUUID()}`),
      memoryLimitMiB: 1024,
    })
    closing.push(() => database.close())
    const holdings = {
      database,
      census: censusOf(census.folder),
      observations: parquetFiles(join(snapshot.folder, 'observations')),
      words: words(regions, loadServices(), (said) => servedLocation(said, (clue) => places.decode(clue))),
    }
    const listening = await listen(request.port, api(holdings, request.key))
    closing.push(() => listening.close())
    return { snapshot, url: listening.url, close }
  } catch (error) {
    await close()
    throw storageError(error, 'the census cannot be served', 'the store stands untouched')
  }
}

/** What names mean, by the catalogue and the region tables. */
export function words(
  regions: RegionTable,
  catalogue: ServiceCatalogue,
  location: (said: SaidOfPlace) => Location,
): Words {
  const modules = new Map(catalogue.services.map(({ id, names }) => [id, names.shodan?.[0] ?? id]))
  const bySuffix = new Map<string, string[]>()
  for (const { code } of regions.countries.flatMap((country) => regions.regionsOf(country))) {
    const suffix = code.slice(code.indexOf('-') + 1)
    bySuffix.set(suffix, [...(bySuffix.get(suffix) ?? []), code])
  }
  return {
    country: (text) => regions.countryCode(text),
    countryName: (code) => regions.region(code)?.name,
    regions: (text, country) => {
      const code = text.trim().toUpperCase()
      // Numbers lose their zeros in other programs' hands.
      const coded = [code, ...(/^\d$/.test(code) ? [`0${code}`] : [])].flatMap((suffix) => bySuffix.get(suffix) ?? [])
      if (coded.length > 0) return coded
      const found = regions.resolve(text, country)
      return 'code' in found ? [found.code] : found.candidates
    },
    service: (module) => {
      const { service, by } = catalogue.classify({ source: 'shodan', module, port: 0, transport: 'tcp' })
      return by === 'name' ? service : module.toLowerCase()
    },
    module: (service) => modules.get(service) ?? service,
    location: remembered(location),
    protocols: Object.fromEntries(
      catalogue.services.map(({ id, title, why }) => [modules.get(id) ?? id, `${title}. ${why}`]),
    ),
  }
}

/** Many records say the same of their place; as many answers are kept as take a few megabytes. */
function remembered(location: (said: SaidOfPlace) => Location): (said: SaidOfPlace) => Location {
  const known = new Map<string, Location>()
  return (said) => {
    const key = JSON.stringify(Object.values(said))
    const found = known.get(key) ?? location(said)
    if (known.size < 10_000) known.set(key, found)
    return found
  }
}
