import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { EngineId } from '../../src/model/engine.ts'
import type { EngineRequest } from '../../src/pipeline/engine.ts'
import type { SurveyRequest } from '../../src/pipeline/survey-plan.ts'
import { survey } from '../../src/pipeline/survey.ts'
import { readFacetTallies, type FacetTally } from '../../src/store/facets.ts'
import type { FacetsManifest } from '../../src/store/manifest.ts'
import type { Snapshot } from '../../src/store/snapshots.ts'
import type { SyntheticBanner } from './engine-banners.ts'
import { startEngine, type Answer, type Engine, type EngineOptions, type Fault } from './engine.ts'
import { temporaryFolder } from './store.ts'

/**
 * How far apart the requests are at which a fault is tried, beginning with others for each kind of fault: `few`, or every one
 * where `FAULTS=all` is set, which takes many minutes.
 */
export const faultStep = (few: number): number => (process.env['FAULTS'] === 'all' ? 1 : few)

/** Who answers on a busy machine may take long; only silence need not be waited for. */
export const patience = (fault?: Fault): { readonly timeoutMs: number } => ({
  timeoutMs: fault?.fault === 'silence' ? 500 : 30_000,
})

/** An engine that ends with the test. */
export async function started(answer: Answer, faults?: EngineOptions['faults']): Promise<Engine> {
  const engine = await startEngine({ answer, ...(faults === undefined ? {} : { faults }) })
  onTestFinished(() => engine.close())
  return engine
}

export const requestOf = (
  store: string,
  sources: readonly EngineRequest[],
  rest: Partial<SurveyRequest> = {},
): SurveyRequest => ({
  store,
  sources,
  country: 'JP',
  by: [],
  http: patience(),
  services: ['mail', 'ntp', 'mqtt'],
  ...rest,
})

export interface Surveyed {
  readonly snapshot: Snapshot<FacetsManifest>
  readonly store: string
  readonly tallies: readonly FacetTally[]
}

export async function surveyed(
  sources: readonly EngineRequest[],
  rest: Partial<SurveyRequest> = {},
): Promise<Surveyed> {
  const folder = await temporaryFolder()
  const store = join(folder, 'store')
  const snapshot = await survey(requestOf(store, sources, rest))
  const tallies = await readFacetTallies(snapshot.folder, join(folder, 'spill'))
  return { snapshot, store, tallies }
}

/** By `service region`; those of 0 left out. */
export type Counts = Readonly<Record<string, number>>

export const countsOf = (tallies: readonly FacetTally[], source: EngineId): Counts =>
  Object.fromEntries(
    tallies
      .filter((tally) => tally.source === source && tally.breakdown === 'region' && tally.count > 0)
      .map(({ service, region, count }) => [`${service} ${region === '' ? 'unknown' : region}`, count]),
  )

export const regionOf = ({ region }: SyntheticBanner): string => (region === undefined ? 'unknown' : `JP-${region}`)

/** Every file below a folder, as bytes read as text. */
export async function textsOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')))
}

export const failureOf = (doing: Promise<unknown>): Promise<Error> =>
  doing.then(
    () => expect.fail('no error'),
    (error: unknown) => error as Error,
  )

/** Figures that are told are right, and a snapshot without all of them says what is missing. */
export function expectTruthOrPartial(counts: Counts, { manifest }: Snapshot<FacetsManifest>, expected: Counts): void {
  const { complete, missing } = manifest
  expect(complete).toBe(missing.length === 0)
  if (complete) expect(counts).toEqual(expected)
  for (const [key, count] of Object.entries(counts)) expect([key, count]).toEqual([key, expected[key]])
}
