import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { denominators } from '../model/denominator.ts'
import { discoveryTools } from '../model/discovery.ts'
import { wrongInput } from '../model/errors.ts'
import { engineIds, type EngineId } from '../model/engine.ts'
import { mostSnapshots } from '../model/history.ts'
import { observationFields } from '../model/observation.ts'
import { languages } from '../model/page.ts'
import { formatIds } from '../model/reader.ts'
import { reportFormats } from '../model/report-format.ts'
import { breakdowns } from '../model/tally.ts'
import { readYaml } from './yaml.ts'

const name = z.string().min(1).max(4096)
const list = z.array(z.string().min(1).max(200)).min(1)

/** A search engine, and how it is asked. */
const engine = {
  source: z.enum(engineIds).optional(),
  endpoint: z.string().optional(),
  rate: z.int().min(1).max(1000).optional(),
  max_credits: z.int().min(0).max(1_000_000).optional(),
  experimental: z.boolean().optional(),
  key_file: name.optional(),
  key_command: z.array(z.string().min(1)).min(1).optional(),
}
type GivenEngine = z.infer<z.ZodObject<typeof engine>>

/** census.yaml: what `census run` reads. Paths are relative to the file. */
export const configSchema = z.strictObject({
  store: name.optional(),
  inputs: z
    .array(
      z.strictObject({
        file: name,
        format: z.enum(['auto', ...formatIds]).default('auto'),
        columns: z.partialRecord(z.enum(observationFields), z.string()).optional(),
      }),
    )
    .min(1)
    .optional(),
  survey: z
    .strictObject({
      ...engine,
      /** Instead of one. */
      sources: z.array(z.strictObject(engine)).min(1).optional(),
      by: z.array(z.enum(breakdowns)).min(1).optional(),
      records: z.boolean().default(false),
    })
    .optional(),
  probe: z
    .strictObject({
      scope: name,
      in_flight: z.int().min(1).max(100_000).optional(),
      workers: z.int().min(1).max(16).optional(),
      timeout: z.int().min(100).max(60_000).optional(),
      retries: z.int().min(0).max(5).optional(),
      seed: z.int().min(0).max(4_294_967_295).optional(),
      checks: list.optional(),
      discovery: z.enum(discoveryTools).optional(),
    })
    .optional(),
  id: z.string().optional(),
  observed_at: z.string().optional(),
  country: z.string().optional(),
  services: list.optional(),
  regions: list.optional(),
  population_year: z.int().min(1900).max(2200).optional(),
  region_tables: name.optional(),
  address_database: name.optional(),
  report: z.strictObject({
    out: name,
    by: z.array(z.enum(['region', 'service', 'product', 'device', 'network'])).optional(),
    per: z.int().positive().optional(),
    format: z.array(z.enum(reportFormats)).min(1).optional(),
    csv_excel: z.boolean().optional(),
    lang: z.enum(languages).optional(),
    history: z.int().min(2).max(mostSnapshots).optional(),
    denominator: z.array(z.enum(denominators)).min(1).optional(),
    denominator_table: name.optional(),
    suppress: z.int().min(2).max(1_000_000).optional(),
    include_hosts: z.boolean().optional(),
  }),
})

/** What a probe does when nothing is said: connections under way, processes, milliseconds waited, and how often what is silent is asked again. */
export const probeDefaults = { inFlight: 4000, workers: 1, timeout: 3000, retries: 1 } as const

type Checked = z.infer<typeof configSchema>
export type ImportConfig = Checked & { readonly inputs: NonNullable<Checked['inputs']> }
/** The same with what is the case when nothing is said. */
export type EngineConfig = GivenEngine & {
  readonly source: EngineId
  readonly max_credits: number
  readonly experimental: boolean
}
export type SurveyConfig = Checked & {
  readonly country: string
  readonly survey: Pick<NonNullable<Checked['survey']>, 'by' | 'records'> & {
    readonly sources: readonly EngineConfig[]
  }
}

export type ProbeConfig = Checked & { readonly probe: NonNullable<Checked['probe']> }

/** A checked configuration with absolute paths: of files to import, of a survey to make, or of ranges to probe. */
export type Config = ImportConfig | SurveyConfig | ProbeConfig
export const isOfSurvey = (config: Config): config is SurveyConfig =>
  config.survey !== undefined && config.country !== undefined
export const isOfProbe = (config: Config): config is ProbeConfig => config.probe !== undefined
export const isOfFiles = (config: Config): config is ImportConfig => config.inputs !== undefined

const remedy = 'README.md shows what a configuration holds'

/**
 * Reads and checks a configuration file.
 * @throws CensusError exit 2 naming file, line, field and what to do
 */
export async function readConfig(path: string): Promise<Config> {
  const { value: config } = await readYaml(path, configSchema, {
    what: 'a configuration',
    unreadable: 'name the configuration: `census run census.yaml`',
    remedy,
  })
  const from = (relative: string): string => (relative === '-' ? relative : resolve(dirname(path), relative))
  const whole = {
    ...config,
    ...(config.store === undefined ? {} : { store: from(config.store) }),
    ...(config.region_tables === undefined ? {} : { region_tables: from(config.region_tables) }),
    ...(config.address_database === undefined ? {} : { address_database: from(config.address_database) }),
    report: {
      ...config.report,
      out: from(config.report.out),
      ...(config.report.denominator_table === undefined
        ? {}
        : { denominator_table: from(config.report.denominator_table) }),
    },
  }
  const { inputs, survey, probe, country } = config
  const [first, second] = Object.entries({ inputs, survey, probe }).filter(([, each]) => each !== undefined)
  if (first === undefined) throw wrongInput(`${path}: there are neither inputs nor a survey nor a probe`, remedy)
  if (second !== undefined)
    throw wrongInput(
      `${path}, field ${second[0]}: there ${first[0] === 'inputs' ? 'are inputs' : `is a ${first[0]}`} too`,
      'files, surveys and probes each have a configuration of their own',
    )
  if (probe !== undefined) return { ...whole, probe: { ...probe, scope: from(probe.scope) } }
  if (inputs !== undefined) return { ...whole, inputs: inputs.map((input) => ({ ...input, file: from(input.file) })) }
  if (survey === undefined) throw new Error('neither of the three')
  if (country === undefined)
    throw wrongInput(`${path}, field country: a survey is of one country`, 'name it: country: JP')
  const { by, records, sources, ...one } = survey
  const alone = Object.keys(one)[0]
  if (sources !== undefined && alone !== undefined)
    throw wrongInput(`${path}, field survey.${alone}: there are sources too`, 'say it of each of the sources')
  const engines = (sources ?? [one]).map((each) => ({
    ...each,
    source: each.source ?? ('shodan' as const),
    max_credits: each.max_credits ?? 0,
    experimental: each.experimental ?? false,
    ...(each.key_file === undefined ? {} : { key_file: from(each.key_file) }),
  }))
  if (records && (engines.length > 1 || by !== undefined))
    throw wrongInput(
      `${path}, field survey.records: records come from one source, and are counted by the report`,
      'leave out by, and name one source',
    )
  return { ...whole, country, survey: { records, sources: engines, ...(by === undefined ? {} : { by }) } }
}
