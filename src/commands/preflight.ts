import type { Config } from '../config/config.ts'
import { loadRegions, type RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import { breakdownsOf, namedYear, scopeOf } from '../pipeline/report-scope.ts'
import { loadServices } from '../recognise/service.ts'
import { checkSnapshotId, listSnapshots } from '../store/snapshots.ts'
import { observedAtOf } from './import.ts'

/**
 * Looks at all of a configuration that can be wrong before its inputs are read, so that `run` does not import first
 * and complain then. Writes nothing.
 * @returns the region tables it names
 * @throws CensusError exit 2 for the first fault
 */
export async function preflight(config: Config, store: string): Promise<RegionTable> {
  const regions = await loadRegions(config.region_tables === undefined ? {} : { userTables: config.region_tables })
  if (config.id !== undefined) {
    checkSnapshotId(config.id)
    if ((await listSnapshots(store)).some((snapshot) => snapshot.id === config.id)) {
      throw wrongInput(
        `the store ${store} already holds a snapshot ${JSON.stringify(config.id)}`,
        'choose another id, or leave it out',
      )
    }
  }
  observedAtOf(config.observed_at)
  loadServices().resolve((config.services ?? []).filter((name) => name !== 'all'))
  breakdownsOf(config.report.by)
  const { country } = scopeOf(
    {
      ...(config.country === undefined ? {} : { country: config.country }),
      ...(config.regions === undefined ? {} : { regions: config.regions }),
    },
    regions,
  )
  if (config.population_year !== undefined)
    namedYear(config.population_year, country === undefined ? regions.countries : [country], regions)
  return regions
}
