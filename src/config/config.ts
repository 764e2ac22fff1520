import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { z } from 'zod'
import { wrongInput } from '../model/errors.ts'
import { engineIds, type EngineId } from '../model/engine.ts'
import { observationFields } from '../model/observation.ts'
import { formatIds } from '../model/reader.ts'
import { breakdowns } from '../model/tally.ts'

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
  }),
})

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

/** A checked configuration with absolute paths: of files to import, or of a survey to make. */
export type Config = ImportConfig | SurveyConfig
export const isOfSurvey = (config: Config): config is SurveyConfig =>
  config.survey !== undefined && config.country !== undefined

const remedy = 'README.md shows what a configuration holds'
/** A configuration is written by hand: anything larger is something else. */
const maxBytes = 2 ** 20

/**
 * Reads and checks a configuration file.
 * @throws CensusError exit 2 naming file, line, field and what to do
 */
export async function readConfig(path: string): Promise<Config> {
  const text = await readText(path)
  const lines = new LineCounter()
  const document = parseYaml(path, text, lines)
  const checked = configSchema.safeParse(document.toJS())
  if (!checked.success) {
    const fault = faultOf(checked.error.issues[0], document, lines)
    throw wrongInput(`${path}${fault}`, remedy)
  }
  const config = checked.data
  const from = (relative: string): string => (relative === '-' ? relative : resolve(dirname(path), relative))
  const whole = {
    ...config,
    ...(config.store === undefined ? {} : { store: from(config.store) }),
    ...(config.region_tables === undefined ? {} : { region_tables: from(config.region_tables) }),
    ...(config.address_database === undefined ? {} : { address_database: from(config.address_database) }),
    report: { ...config.report, out: from(config.report.out) },
  }
  const { inputs, survey, country } = config
  if (inputs !== undefined && survey !== undefined)
    throw wrongInput(
      `${path}, field survey: there are inputs too`,
      'import files and survey an engine in two configurations',
    )
  if (inputs !== undefined) return { ...whole, inputs: inputs.map((input) => ({ ...input, file: from(input.file) })) }
  if (survey === undefined) throw wrongInput(`${path}: there are neither inputs nor a survey`, remedy)
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

async function readText(path: string): Promise<string> {
  const hint = 'name the configuration: `census run census.yaml`'
  const found = await stat(path).catch((error: Error) => {
    throw wrongInput(`${path} cannot be read: ${error.message.split(',')[0] ?? ''}`, hint)
  })
  if (!found.isFile()) throw wrongInput(`${path} is no file`, hint)
  if (found.size > maxBytes) throw wrongInput(`${path} is larger than 1 MiB: no configuration`, hint)
  return readFile(path, 'utf8').catch((error: Error) => {
    throw wrongInput(`${path} cannot be read: ${error.message.split(',')[0] ?? ''}`, hint)
  })
}

function parseYaml(path: string, text: string, lines: LineCounter): Document.Parsed {
  // The YAML parser follows nesting with the call stack, and Node can end the whole process when that overflows.
  if (isDeep(text)) throw wrongInput(`${path} is nested too deep`, 'a configuration is four deep')
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const fault = document.errors[0]
  if (fault)
    throw wrongInput(`${path}, line ${lines.linePos(fault.pos[0]).line}: ${fault.message}`, 'mend the YAML there')
  // Aliases can make a small file expand without end; a configuration has no use for them.
  visit(document, {
    Alias: (_, node) => {
      const line = lines.linePos(node.range?.[0] ?? 0).line
      throw wrongInput(`${path}, line ${line}: YAML aliases (*${node.source}) are not read`, 'write the value out')
    },
  })
  return document
}

const mostLevels = 100

/** Whether brackets, list marks on one line or indentation may go deeper than any configuration does. */
function isDeep(text: string): boolean {
  let open = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open = Math.max(0, open + (bracket === '[' || bracket === '{' ? 1 : -1))
    if (open > mostLevels) return true
  }
  return new RegExp(`^ *(?:[-?:] +){${mostLevels}}|^ {${4 * mostLevels}}`, 'm').test(text)
}

/** `, line 3, field report.per: what is wrong`, from the first issue zod found. */
function faultOf(issue: z.core.$ZodIssue | undefined, document: Document.Parsed, lines: LineCounter): string {
  const keys = (issue?.path ?? []).map((key) => (typeof key === 'symbol' ? String(key) : key))
  // An unknown key stands in the mapping it was found in: that key is the field, and its line the place.
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const field = unknown === undefined ? keys : [...keys, unknown]
  const offset = unknown === undefined ? offsetOf(document, keys) : keyOffset(document, keys, unknown)
  const line = offset === undefined ? '' : `, line ${lines.linePos(offset).line}`
  const what = unknown === undefined ? (issue?.message ?? 'not a configuration') : 'there is no such field'
  return `${line}${field.length === 0 ? '' : `, field ${field.join('.')}`}: ${what}`
}

/** Where the value stands, or where what should hold it does. */
function offsetOf(document: Document.Parsed, keys: readonly (string | number)[]): number | undefined {
  for (let length = keys.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(keys.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return undefined
}

function keyOffset(document: Document.Parsed, keys: readonly (string | number)[], key: string): number | undefined {
  const map = keys.length === 0 ? document.contents : document.getIn(keys, true)
  const pair = isMap(map) ? map.items.find((each) => isScalar(each.key) && String(each.key.value) === key) : undefined
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
}
