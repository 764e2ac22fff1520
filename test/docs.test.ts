import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { configSchema } from '../src/config/config.ts'
import { readScope, scopeSchema } from '../src/config/scope.ts'
import { exitCodes } from '../src/model/errors.ts'
import { denominators } from '../src/model/denominator.ts'
import { recaptureRefusals, survivals } from '../src/model/findings.ts'
import { figureFlags, recordFlags } from '../src/model/flags.ts'
import { placeMeans } from '../src/model/place.ts'
import { probeStatuses } from '../src/model/probe.ts'
import { formatIds, rejectReasons } from '../src/model/reader.ts'
import { breakdowns } from '../src/model/tally.ts'
import { checks, udpChecks } from '../src/probes/checks/index.ts'
import { relayVerdicts } from '../src/probes/checks/open-relay.ts'
import { probes } from '../src/probes/index.ts'
import { loadRegions } from '../src/locate/regions.ts'
import { loadServices } from '../src/recognise/service.ts'
import { hostsTable } from '../src/reports/hosts-table.ts'
import { exposureColumns, exposureFiles } from '../src/reports/exposure-table.ts'
import {
  concentrationTable,
  denominatorsTable,
  outliersTable,
  recapturesTable,
} from '../src/reports/findings-tables.ts'
import { repository } from './helpers/source-graph.ts'
import { temporaryFolder } from './helpers/store.ts'
import { examplesOf, runExamples, withOutputs } from './helpers/worked-example.ts'

const read = (path: string): string => readFileSync(join(repository, path), 'utf8')
const readme = read('README.md')
const method = read('docs/method.md')

/** A document's part under a heading, up to the next heading of the same or a higher level. */
function section(document: string, heading: string): string {
  const start = document.indexOf(`\n${heading}\n`)
  expect(start, `there is no heading ${heading}`).toBeGreaterThanOrEqual(0)
  const level = /^#+/.exec(heading)?.[0].length ?? 1
  const rest = document.slice(start + heading.length + 2)
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'))
  return end < 0 ? rest : rest.slice(0, end)
}

/** First cells of all rows of a part's tables, without headers and backticks. */
const firstCells = (part: string): string[] =>
  [...part.matchAll(/^\| *(.*?) *\|(.*)$/gm)]
    .map(([, cell = '', rest = '']) => ({ cell, rest }))
    .filter(({ cell }, index, rows) => !/^-+$/.test(cell) && !/^-+$/.test(rows[index + 1]?.cell ?? ''))
    .map(({ cell }) => cell.replaceAll('`', ''))

async function help(...command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    import.meta.resolve('tsx'),
    join(repository, 'src', 'cli.ts'),
    ...command,
    '--help',
  ])
  return stdout
}

describe('README.md: the command line', () => {
  const documented = [...readme.matchAll(/^### `census (\w+) ?(.*)`$/gm)]
  const everyCommand = firstCells(section(readme, '## Commands').split('\n### ')[0] ?? '')
  const helps = new Map<string, string>()

  beforeAll(async () => {
    const texts = await Promise.all(documented.map(([, name = '']) => help(name)))
    for (const [index, [, name = '']] of documented.entries()) helps.set(name, texts[index] ?? '')
  })

  test('names every command', async () => {
    const commands = [...(await help()).matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name)
    expect(documented.map(([, name]) => name)).toEqual(commands)
  })

  test.each(documented.map(([heading, name = '', argument = '']) => ({ heading, name, argument })))(
    'census $name: every option and argument',
    ({ heading, name, argument }) => {
      const text = helps.get(name) ?? ''
      const options = [...text.matchAll(/^ {2}(--\S+(?: <\w+>)?)/gm)].map(([, option]) => option)
      const own = firstCells(section(readme, heading)).filter((cell) => cell.startsWith('--'))
      expect(new Set([...everyCommand, ...own])).toEqual(new Set(options))
      expect(everyCommand.length + own.length).toBe(options.length)
      expect(text).toContain(`Usage: census ${name} [options]${argument === '' ? '' : ` ${argument}`}\n`)
    },
  )

  test('names every field of a configuration', () => {
    const fields = firstCells(section(readme, '### `census run [config]`')).filter((cell) => !cell.startsWith('--'))
    expect(new Set(fields)).toEqual(new Set(Object.keys(configSchema.shape)))
  })

  test('names every format', () => {
    const part = section(readme, '### `census import <file...>`').replaceAll(/\s+/g, ' ')
    expect(part).toContain(`shows the formats: ${formatIds.join(', ')}.`)
    expect(read('CHANGELOG.md').replaceAll(/\s+/g, ' ')).toContain(`twelve formats (${formatIds.join(', ')})`)
    expect(formatIds).toHaveLength(12)
  })

  test('names every exit code, and those of signals', () => {
    const codes = Object.values(exitCodes).map(String)
    expect(firstCells(section(readme, '## Exit codes'))).toEqual([...codes, '130', '143'])
  })
})

describe('README.md: report files', () => {
  const part = section(readme, '## Report files')

  test('names every file, with its key columns', () => {
    for (const breakdown of breakdowns) {
      const plain: readonly string[] = exposureColumns('region')
      const keys = exposureColumns(breakdown).filter((column) => !plain.includes(column))
      const row = part.split('\n').find((line) => line.startsWith(`| \`${exposureFiles[breakdown]}\``)) ?? ''
      const cell = row.split('|')[2]?.trim()
      expect(cell, exposureFiles[breakdown]).toBe(keys.map((key) => `\`${key}\``).join(', ') || 'none')
    }
  })

  test('names every column, in the order of the files', () => {
    const documented = firstCells(part).filter((cell) => !cell.includes('.'))
    expect(new Set(documented)).toEqual(new Set(breakdowns.flatMap(exposureColumns)))
    for (const breakdown of breakdowns) {
      const columns = exposureColumns(breakdown)
      expect(documented.filter((column) => columns.includes(column))).toEqual(columns)
    }
  })

  test('names every column of hosts.csv, in its order', () => {
    const [, told = ''] = part.split('`hosts.csv` has')
    const names = hostsTable(() => '').columns.map(({ name }) => name)
    const named = [...told.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name ?? '')
    expect(named.slice(0, names.length)).toEqual(names)
  })

  test('names every flag', () => {
    const named = [...(part.split('Flags, explained')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, flag]) => flag)
    expect(named).toEqual([...recordFlags, ...figureFlags])
  })
})

describe('docs/method.md has a sentence for every', () => {
  test.each([
    ['flag', '## Flags', [...recordFlags, ...figureFlags]],
    ['reason for a reject', '### Reasons for a reject', rejectReasons],
    ['reason to estimate nothing', '### What two sources missed', recaptureRefusals],
    ['denominator', '### Another denominator', denominators],
  ])('%s, in the order of the code', (_, heading, list) => {
    expect(firstCells(section(method, heading))).toEqual(list)
  })

  test('file of statistics', () => {
    const files = readdirSync(join(repository, 'src', 'statistics')).filter((file) => file !== 'domain.ts')
    expect(files.filter((file) => !method.includes(`(../src/statistics/${file})`))).toEqual([])
  })

  test('file of findings, and every column that is no other file’s', () => {
    const header = () => ({ snapshot: '', observedFrom: '', observedTo: '', basis: 'records' as const })
    const told = breakdowns.flatMap(exposureColumns)
    for (const table of [concentrationTable, outliersTable, recapturesTable, denominatorsTable]) {
      const { stem, columns } = table(header)
      expect(method).toContain(`\`${stem}.csv\``)
      expect(readme).toContain(`\`${stem}.csv\``)
      const own = columns
        .map(({ name }) => name)
        .filter((column) => !told.includes(column) && !column.startsWith('rank_'))
      expect(own.filter((column) => !method.includes(`\`${column}\``))).toEqual([])
    }
    for (const survival of survivals) expect(method).toContain(`\`${survival}\``)
  })

  test('means of placing', () => {
    expect(new Set(firstCells(section(method, '### Means')))).toEqual(new Set(placeMeans))
  })
})

describe('docs/probing.md', () => {
  const probing = read('docs/probing.md')

  test('names every field of a scope', () => {
    expect(firstCells(section(probing, '## The scope'))).toEqual(Object.keys(scopeSchema.shape))
  })

  test('has every check, and every verdict of open relays', () => {
    for (const { id } of checks) expect(probing).toContain(`\`${id}\``)
    expect(firstCells(section(probing, '## Checks'))).toEqual(relayVerdicts)
  })

  test('shows a scope that is one', async () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(probing) ?? []
    const path = join(await temporaryFolder(), 'scope.yaml')
    await writeFile(path, example)
    const scope = await readScope(path, Date.parse('2026-12-01'))
    expect(Number(scope.declared.size - scope.targets.size)).toBe(17)
  })

  test('has every check by datagrams, with its probe and how many bytes it sends', () => {
    const rows = [
      ...section(probing, '## Checks of time and name servers').matchAll(
        /^\| `([a-z-]+)` +\| `(\w+)` +\| .* (\d+) bytes +\| `([a-z-]+)`: /gm,
      ),
    ]
    expect(rows.map(([, ...cells]) => cells)).toEqual(
      udpChecks.map((check) => {
        const { length } = check.request(new Uint8Array(16), { contact: 'x' })
        return [check.id, check.probe, String(length), check.id]
      }),
    )
  })

  test('has every status, as the command tells it', () => {
    const rows = [...section(probing, '## What becomes of a target').matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)]
    expect(Object.fromEntries(rows.map(([, status, meaning]) => [status, meaning]))).toEqual(probeStatuses)
  })
})

describe('counts in the documents', () => {
  test('probes', () => {
    expect(read('CHANGELOG.md')).toContain(`with ${probes.length} probes of`)
  })

  test('services and categories', () => {
    const { services, categories } = loadServices()
    expect(read('CHANGELOG.md')).toContain(`${services.length} services in ${categories.size} categories`)
  })

  test('countries with a table', async () => {
    const tables = readdirSync(join(repository, 'data', 'regions')).filter((name) => /^[A-Z]{2}\.csv$/.test(name))
    expect(read('CHANGELOG.md')).toContain(`regions of ${tables.length} countries`)
    const regions = await loadRegions()
    expect(tables.filter((name) => regions.years(name.slice(0, 2)).length === 0)).toEqual([])
  })

  test('dependencies: each is explained, or among those the owner named', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    const adr = read('docs/adr/0006-dependencies.md')
    const named = (adr.split('\n|')[0] ?? '').replaceAll('DuckDB', '@duckdb/node-api')
    for (const name of Object.keys(dependencies)) {
      expect(firstCells(adr).includes(name) || new RegExp(`[(, ]${name}[,; )]`).test(named), name).toBe(true)
    }
  })

  test('links to files lead somewhere', () => {
    const documents = ['README.md', 'CHANGELOG.md', 'docs/method.md', 'docs/adding.md', 'docs/placing.md']
    for (const document of documents) {
      for (const [, target = ''] of read(document).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
        const { pathname } = new URL(target, `file:///${document}`)
        expect(exists(pathname), `${document} links to ${target}`).toBe(true)
      }
    }
  })
})

describe('the worked example of README.md', () => {
  const examples = examplesOf(readme)

  test('prints what is pasted, word for word', async () => {
    expect(examples.length).toBeGreaterThanOrEqual(5)
    const outputs = await runExamples(examples.map(({ command }) => command))
    for (const [index, { command, output }] of examples.entries()) {
      expect(outputs[index], `${command}\nprints something else now; \`npm run readme\` pastes it`).toBe(output)
    }
  }, 120_000)

  test('is cited with its own figures', () => {
    const [header = '', ...rows] = (examples.find(({ command }) => command.startsWith('grep'))?.output ?? '').split(
      '\n',
    )
    const kanagawa = rows.find((row) => row.startsWith('JP-14,'))?.split(',') ?? []
    const cell = (name: string): string => Number(kanagawa[header.split(',').indexOf(name)]).toFixed(2)
    const prose = readme.replaceAll(/\s+/g, ' ')
    const interval = `interval of ${cell('per_100k_low')} to ${cell('per_100k_high')}`
    expect(prose).toContain(
      `${cell('per_100k')} for every 100,000 people, with a 95 % ${interval}, ${cell('rate_ratio')} times the rate`,
    )
    expect(prose).toContain(
      `"${cell('per_100k')} exposed NTP and other time servers per 100,000 people (95 % interval ${cell('per_100k_low')} to ${cell('per_100k_high')};`,
    )
  })

  test('outputs are put back below their commands', () => {
    const document = 'a\n\n```console\n$ one\nold\n$ two\n```\n\nb\n\n```console\n$ three\nx\ny\n```\n'
    expect(examplesOf(document)).toEqual([
      { command: 'one', output: 'old\n' },
      { command: 'two', output: '' },
      { command: 'three', output: 'x\ny\n' },
    ])
    expect(withOutputs(document, ['1\n', '2\n', ''])).toBe(
      'a\n\n```console\n$ one\n1\n$ two\n2\n```\n\nb\n\n```console\n$ three\n```\n',
    )
  })
})

test('docs/query.md prints what is pasted, word for word', async () => {
  const document = read('docs/query.md')
  const outputs = await runExamples(examplesOf(document).map(({ command }) => command))
  expect(withOutputs(document, outputs), '`npm run readme` pastes what is printed now').toBe(document)
}, 120_000)

function exists(path: string): boolean {
  try {
    readFileSync(join(repository, path))
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR'
  }
}
