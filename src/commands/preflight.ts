import { stat } from 'node:fs/promises'
import { isOfProbe, isOfSurvey, type Config, type ProbeConfig, type SurveyConfig } from '../config/config.ts'
import { readScope } from '../config/scope.ts'
import { loadRegions, type RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import type { Scope } from '../model/scope.ts'
import { checkAddressDatabase } from '../pipeline/deciders.ts'
import { openDenominators, type DenominatorRequest } from '../pipeline/report-denominators.ts'
import { placeOf } from '../pipeline/engine.ts'
import { checkTogether } from '../pipeline/report.ts'
import { breakdownsOf, namedYear, scopeOf } from '../pipeline/report-scope.ts'
import { normalised } from '../pipeline/survey-rows.ts'
import { loadServices } from '../recognise/service.ts'
import { engines } from '../sources/engines.ts'
import {
  checkSnapshotId,
  listSnapshots,
  type Manifest,
  type RecordsSnapshot,
  type Snapshot,
} from '../store/snapshots.ts'
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
  const { country } = scopeOf(
    {
      ...(config.country === undefined ? {} : { country: config.country }),
      ...(config.regions === undefined ? {} : { regions: config.regions }),
    },
    regions,
  )
  let made: Snapshot | undefined
  if (config.id !== undefined) {
    checkSnapshotId(config.id)
    const found = (await listSnapshots(store)).find((snapshot) => snapshot.id === config.id)
    if (found !== undefined && (await isOf(found, config, country))) made = found
    else if (found !== undefined) {
      throw wrongInput(
        `the store ${store} already holds a snapshot ${JSON.stringify(config.id)}`,
        'choose another id, or leave it out',
      )
    }
  }
  await checkAddressDatabase(config.address_database)
  await openDenominators(denominatorRequest(config), regions)
  observedAtOf(config.observed_at)
  loadServices().resolve((config.services ?? []).filter((name) => normalised(name) !== 'all'))
  const by = breakdownsOf(config.report.by)
  if (isOfSurvey(config) && !config.survey.records && config.report.by !== undefined) {
    const lacking = by.find((each) => each !== 'region' && config.survey.by?.includes(each) !== true)
    if (lacking !== undefined)
      throw wrongInput(
        `the report is to be by ${lacking}, and the survey does not ask by it`,
        `name it in survey.by: [${[...(config.survey.by ?? []), lacking].join(', ')}]`,
      )
  }
  const { format, suppress, include_hosts: includeHosts, history } = config.report
  checkTogether(
    {
      ...denominatorRequest(config),
      ...(format === undefined ? {} : { formats: format }),
      ...(suppress === undefined ? {} : { suppress }),
      includeHosts: includeHosts === true,
    },
    isOfSurvey(config) && !config.survey.records ? 'facets' : 'records',
    history !== undefined,
  )
  if (config.population_year !== undefined)
    namedYear(config.population_year, country === undefined ? regions.countries : [country], regions)
  return { regions, made }
}

/** What a configuration's report is to be measured by. */
export const denominatorRequest = ({ report, regions }: Config): DenominatorRequest => ({
  ...(report.denominator === undefined ? {} : { denominators: report.denominator }),
  ...(report.denominator_table === undefined ? {} : { denominatorTable: report.denominator_table }),
  ...(regions === undefined ? {} : { regions }),
})

/** Whether a snapshot was made of the files a configuration names, as they are now; or is the whole of the survey it asks for. */
async function isOf(snapshot: Snapshot, config: Config, country: string | undefined): Promise<boolean> {
  const { manifest } = snapshot
  if (isOfSurvey(config)) return isOfSurveyed(manifest, config, country)
  if (manifest.basis !== 'records') return false
  if (isOfProbe(config)) return isOfProbed(manifest, config, await readScope(config.probe.scope, Date.now()))
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

/** Whether a snapshot is of the scope, services and checks a configuration has probed. */
const isOfProbed = (
  { probe, complete }: RecordsSnapshot['manifest'],
  { services, probe: { checks } }: ProbeConfig,
  { hash }: Scope,
): boolean =>
  probe !== undefined &&
  complete &&
  probe.scope === hash &&
  sorted(probe.services) === sorted(services) &&
  sorted(probe.checks) === sorted(checks)

const sorted = (list: readonly string[] | undefined): string | undefined =>
  list && [...new Set(list.map(normalised))].toSorted().join()

/** Whether a snapshot is of the survey a configuration asks for: country, services, engines, and what they were asked by. */
function isOfSurveyed(manifest: Manifest, { survey, services }: SurveyConfig, country: string | undefined): boolean {
  const asked = manifest.survey
  if (asked === undefined || !manifest.complete || asked.country !== country) return false
  const places = survey.sources.map(({ source, endpoint }) => [
    source,
    placeOf(endpoint ?? engines.find(({ id }) => id === source)?.endpoint ?? ''),
  ])
  const [engine = ''] = manifest.sources
  const given =
    'engines' in asked ? asked.engines.map((each) => [each.source, each.endpoint]) : [[engine, asked.endpoint]]
  const by = 'by' in asked ? asked.by : []
  return (
    manifest.basis === (survey.records ? 'records' : 'facets') &&
    sorted(asked.services) === sorted(services) &&
    places.map(String).toSorted().join() === given.map(String).toSorted().join() &&
    sorted(by) === sorted((survey.by ?? []).filter((each) => each !== 'region'))
  )
}
