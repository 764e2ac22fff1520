import { loadRegions } from '../locate/regions.ts'
import type { EngineFacts } from '../model/engine.ts'
import { exitCodes, wrongInput, type ExitCode } from '../model/errors.ts'
import type { Check, Probe } from '../model/probe.ts'
import { checks } from '../probes/checks/index.ts'
import { probes } from '../probes/index.ts'
import { loadServices } from '../recognise/service.ts'
import { grouped, table, terminalWidth, wrapped } from '../reports/text.ts'
import { engines } from '../sources/engines.ts'
import { readers } from '../sources/files/index.ts'
import { listSnapshots } from '../store/snapshots.ts'
import { printResult, type Console, type Global } from './output.ts'

const topics = ['snapshots', 'services', 'probes', 'sources', 'formats', 'regions'] as const

/** `census list snapshots|services|probes|sources|formats|regions` */
export async function listCommand(
  topic: string,
  options: { country?: string; regionTables?: string },
  global: Global,
  console: Console,
): Promise<ExitCode> {
  switch (topic) {
    case 'snapshots': {
      const found = await listSnapshots(global.store)
      const rows = found.map(({ manifest }) => [
        manifest.id,
        manifest.sources.join(' '),
        manifest.observed.from.slice(0, 10),
        manifest.observed.to.slice(0, 10),
        manifest.basis === 'records' ? grouped(manifest.accounting.kept) : '-',
        manifest.complete ? 'complete' : 'partial',
      ])
      const columns = ['Snapshot', 'Sources', 'From', 'To', 'Records', 'State'].map((title) => ({
        title,
        align: title === 'Records' ? ('right' as const) : ('left' as const),
      }))
      printResult(
        console,
        global,
        found.length === 0 ? [`The store ${global.store} holds no snapshot.`] : table(columns, rows),
        found.map(({ manifest }) => manifest),
      )
      return exitCodes.done
    }
    case 'services': {
      const { services } = loadServices()
      const rows = services.map((service) => [service.id, service.category, ports(service.ports), service.title])
      printResult(console, global, table(left('Service', 'Category', 'Ports', 'Title'), rows), services)
      return exitCodes.done
    }
    case 'probes': {
      printResult(
        console,
        global,
        [...probes.map(probeLines), ...checks.map(checkLines)].flatMap((lines) => ['', ...lines]).slice(1),
        [...probes, ...checks],
      )
      return exitCodes.done
    }
    case 'sources': {
      printResult(
        console,
        global,
        engines
          .map(sourceLines)
          .flatMap((lines) => ['', ...lines])
          .slice(1),
        engines,
      )
      return exitCodes.done
    }
    case 'formats': {
      const formats = readers.map(({ id, source, title }) => ({ id, source, title }))
      printResult(
        console,
        global,
        table(
          left('Format', 'Title'),
          formats.map(({ id, title }) => [id, title]),
        ),
        formats,
      )
      return exitCodes.done
    }
    case 'regions': {
      const regions = await loadRegions(options.regionTables === undefined ? {} : { userTables: options.regionTables })
      const country = options.country === undefined ? undefined : regions.countryCode(options.country)
      if (options.country !== undefined && country === undefined) {
        throw wrongInput(
          `there is no country ${JSON.stringify(options.country)}`,
          '`census list regions` shows the countries',
        )
      }
      const found =
        country === undefined
          ? regions.countries.flatMap((code) => regions.region(code) ?? [])
          : regions.regionsOf(country)
      const newest = (population: ReadonlyMap<number, number>): [string, string] => {
        const year = Math.max(...population.keys())
        return Number.isFinite(year) ? [grouped(population.get(year) ?? 0), String(year)] : ['', '']
      }
      const json = found.map(({ population, ...region }) => ({ ...region, population: Object.fromEntries(population) }))
      const columns = [
        ...left('Code', 'Name', 'Local name'),
        { title: 'Population', align: 'right' as const },
        { title: 'Year', align: 'right' as const },
      ]
      const rows = found.map((region) => [
        region.code,
        region.name,
        region.localName ?? '',
        ...newest(region.population),
      ])
      printResult(console, global, table(columns, rows), json)
      return exitCodes.done
    }
    default:
      throw wrongInput(`there is no list of ${JSON.stringify(topic)}`, `lists: ${topics.join(', ')}`)
  }
}

const left = (...titles: string[]): { title: string; align: 'left' }[] =>
  titles.map((title) => ({ title, align: 'left' }))

const ports = (of: { readonly tcp: readonly number[]; readonly udp: readonly number[] }): string =>
  [...of.tcp.map(String), ...of.udp.map((port) => `${port}/udp`)].join(' ')

/** What a person has to know of an engine, no wider than a terminal. */
function sourceLines(engine: EngineFacts): string[] {
  const can = [...(engine.counts ? ['counts'] : []), ...(engine.records ? ['records'] : [])]
  return [
    `${engine.title} (${engine.id})`,
    ...entry('gives', [can.join(' and ') || 'nothing yet']),
    ...entry('evidence', [
      engine.unconfirmed ? `unconfirmed${can.length > 0 ? ': asked with --experimental only' : ''}` : 'confirmed',
    ]),
    ...entry('key', [`${engine.secret}, or ${engine.secret}_FILE`]),
    ...entry('rate', [
      engine.requestsPerSecond === 1 ? 'one request a second' : `${engine.requestsPerSecond} requests a second`,
    ]),
    ...entry('cost', [engine.cost]),
    ...entry('terms', [engine.terms]),
    ...entry('cannot', engine.cannot),
  ]
}

/** What a probe sends, and why that is harmless. */
const probeLines = (probe: Probe): string[] =>
  factLines(`${probe.id} (${probe.transport} ${probe.ports.join(', ')})`, probe)

const checkLines = (check: Check): string[] =>
  factLines(`${check.id} (goes with ${check.probe}; only where --checks names it)`, check)

function factLines(title: string, probe: Probe | Check): string[] {
  return [
    title,
    ...entry('sends', [probe.sends]),
    ...entry('harmless', [probe.harmless]),
    ...entry('identity', [probe.identity]),
    ...('matching' in probe ? entry('matching', [probe.matching]) : []),
    ...entry('see', [probe.reference]),
  ]
}

const entryIndent = 12

/** A name, and beside it texts of one paragraph each. */
function entry(name: string, texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => {
    const [first = '', ...more] = wrapped(text, terminalWidth - entryIndent - 2)
    return texts.length === 1 ? [first, ...more] : [`- ${first}`, ...more.map((line) => `  ${line}`)]
  })
  return lines.map((line, index) => `${(index === 0 ? `  ${name}` : '').padEnd(entryIndent)}${line}`)
}
