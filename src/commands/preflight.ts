import { stat } from 'node:fs/promises'
import { isOfSurvey, type Config, type SurveyConfig } from '../config/config.ts'
import { loadRegions, type RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import { checkAddressDatabase } from '../pipeline/deciders.ts'
import { placeOf } from '../pipeline/engine.ts'
import { breakdownsOf, namedYear, scopeOf } from '../pipeline/report-scope.ts'
import { loadServices } from '../recognise/service.ts'
import { checkSnapshotId, listSnapshots, type Manifest, type Snapshot } from '../store/snapshots.ts'
import { observedAtOf } from './import.ts'

/**
 * Looks at all of a configuration that can be wrong before its inputs are read, so that `run` does not import first
 * and complain then. Writes nothing.
 * @returns the region tables it names; and the snapshot of that id, where a run that was interrupted after its import has
 * left one of the very same files: the run goes on from there
 * @throws CensusError exit 2 for the first fault
 */
export async function preflight(
  config: Config,
  store: string,
): Promise<{ readonly regions: RegionTable; readonly made: Snapshot | undefined }> {
  const regions = await loadRegions(config.region_tables === undefined ? {} : { userTables: config.region_tables })
  let made: Snapshot | undefined
  if (config.id !== undefined) {
    checkSnapshotId(config.id)
    const found = (await listSnapshots(store)).find((snapshot) => snapshot.id === config.id)
    if (found !== undefined && (await isOf(found, config))) made = found
    else if (found !== undefined) {
      throw wrongInput(
        `the store ${store} already holds a snapshot ${JSON.stringify(config.id)}`,
        'choose another id, or leave it out',
      )
    }
  }
  await checkAddressDatabase(config.address_database)
  observedAtOf(config.observed_at)
  loadServices().resolve((config.services ?? []).filter((name) => name !== 'all'))
  const by = breakdownsOf(config.report.by)
  if (isOfSurvey(config) && !config.survey.records && config.report.by !== undefined) {
    const lacking = by.find((each) => each !== 'region' && config.survey.by?.includes(each) !== true)
    if (lacking !== undefined)
      throw wrongInput(
        `the report is to be by ${lacking}, and the survey does not ask by it`,
        `name it in survey.by: [${[...(config.survey.by ?? []), lacking].join(', ')}]`,
      )
  }
  const { country } = scopeOf(
    {
      ...(config.country === undefined ? {} : { country: config.country }),
      ...(config.regions === undefined ? {} : { regions: config.regions }),
    },
    regions,
  )
  if (config.population_year !== undefined)
    namedYear(config.population_year, country === undefined ? regions.countries : [country], regions)
  return { regions, made }
}

/** Whether a snapshot was made of the files a configuration names, as they are now; or is the whole of the survey it asks for. */
async function isOf(snapshot: Snapshot, config: Config): Promise<boolean> {
  const { manifest } = snapshot
  if (isOfSurvey(config))
    return (
      manifest.complete &&
      manifest.basis === (config.survey.records ? 'records' : 'facets') &&
      manifest.survey?.country === config.country &&
      isOfServices(manifest.survey.services, config) &&
      (manifest.basis === 'records' || isOfEngines(manifest.survey, config))
    )
  if (manifest.basis !== 'records') return false
  const { inputs } = manifest
  if (inputs.length !== config.inputs.length) return false
  const same = await Promise.all(
    config.inputs.map(async ({ file }, index) => {
      const size = await stat(file).then(
        (found) => found.size,
        () => undefined,
      )
      return inputs[index]?.name === file && inputs[index].bytes === size
    }),
  )
  return same.every(Boolean)
}

/** Whether a survey was of the services asked for, or of everything, as is asked for. */
function isOfServices(surveyed: readonly string[] | undefined, { services }: SurveyConfig): boolean {
  const resolve = (list: readonly string[]): string =>
    loadServices()
      .resolve(list.filter((name) => name !== 'all'))
      .toSorted()
      .join()
  if (surveyed === undefined || services === undefined) return surveyed === services
  return resolve(surveyed) === resolve(services)
}

function isOfEngines(
  { engines, by }: Extract<Manifest, { basis: 'facets' }>['survey'],
  { survey }: SurveyConfig,
): boolean {
  const asked = (survey.by ?? []).filter((each) => each !== 'region').toSorted()
  return (
    asked.join() === by.toSorted().join() &&
    engines.length === survey.sources.length &&
    survey.sources.every(({ source, endpoint }) =>
      engines.some((each) => each.source === source && (endpoint === undefined || placeOf(endpoint) === each.endpoint)),
    )
  )
}
