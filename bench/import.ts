import { createReadStream, createWriteStream, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { planFor, writeBanners } from './generate-shodan.ts'
import { benchmark, installed, machine, markdownTable, median, quoted, run, type Run } from './measure.ts'

/*
 * `npm run bench:import [-- --records 1000000 --runs 5 --seed 1]`: importing a synthetic Shodan export, plain and
 * gzip, beside what DuckDB alone, `shodan parse` and jq need for the same file. Whole processes, one after another
 * in turns, medians. What it prints on standard output is the table of docs/performance.md.
 */

type Input = 'plain' | 'gzip'

interface Peer {
  readonly name: string
  /** Programs it takes, and the Debian package that has them. */
  readonly needs: readonly { readonly program: string; readonly debianPackage: string }[]
  readonly inputs: readonly Input[]
  /** A shell command; `target` is a fresh path it may write to. */
  readonly command: (file: string, target: string, input: Input) => string
}

const here = (path: string): string => quoted(fileURLToPath(new URL(path, import.meta.url)))
const node = quoted(process.execPath)
const jqProgram = `'[.ip_str, .port, .transport, .product] | @tsv'`

const census: Peer = {
  name: '`census import`',
  needs: [],
  inputs: ['plain', 'gzip'],
  command: (file, target) =>
    `${node} ${here('../dist/cli.js')} import ${quoted(file)} --store ${quoted(target)} --quiet`,
}

/** Not a peer: what deciding and counting take, which the first report does. */
const reported: Peer = {
  name: '`census import`, first `census report --by region`',
  needs: [],
  inputs: ['plain', 'gzip'],
  command: (file, target, input) =>
    `${census.command(file, target, input)} && ${node} ${here('../dist/cli.js')} report --by region --store ${quoted(target)} --out ${quoted(join(target, 'report'))} --quiet`,
}

const duckdb: Peer = {
  name: 'DuckDB alone, to Parquet',
  needs: [],
  inputs: ['plain', 'gzip'],
  command: (file, target) => `${node} ${here('duckdb-alone.mjs')} ${quoted(file)} ${quoted(target)}`,
}

const shodan: Peer = {
  name: '`shodan parse`, as it is called',
  needs: [{ program: 'shodan', debianPackage: 'python3-shodan' }],
  // It takes nothing but gzip files.
  inputs: ['gzip'],
  command: (file) => `shodan parse ${quoted(file)}`,
}

/** Not what is promised against: the least it can be asked for. */
const shodanLeast: Peer = {
  ...shodan,
  name: '`shodan parse --no-color`, four short fields',
  command: (file) => `shodan parse --fields ip_str,port,transport,product --no-color ${quoted(file)}`,
}

const jq: Peer = {
  name: '`jq -r`, four fields',
  needs: [{ program: 'jq', debianPackage: 'jq' }],
  inputs: ['plain', 'gzip'],
  command: (file, _, input) =>
    input === 'plain' ? `jq -r ${jqProgram} ${quoted(file)}` : `gzip -dc ${quoted(file)} | jq -r ${jqProgram}`,
}

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
})
const records = Number(values.records)
const runs = Number(values.runs)

function missingOf(peers: readonly Peer[]): string[] {
  return peers.flatMap((peer) =>
    peer.needs
      .filter(({ program }) => !installed(program))
      .map(
        ({ program, debianPackage }) =>
          `${peer.name} is left out: no ${program} here (\`apt-get install ${debianPackage}\`)`,
      ),
  )
}

async function measure(folder: string): Promise<void> {
  const plain = join(folder, 'export.json')
  console.error(`generating ${records} records …`)
  writeBanners(plain, records, planFor(records, Number(values.seed)))
  const packed = `${plain}.gz`
  await pipeline(createReadStream(plain), createGzip(), createWriteStream(packed))

  const peers = [census, reported, duckdb, shodan, shodanLeast, jq].filter((peer) =>
    peer.needs.every(({ program }) => installed(program)),
  )
  console.log(
    `${records.toLocaleString('en')} synthetic banners, ${megabytes(plain)} plain, ${megabytes(packed)} gzip; median of ${runs} runs in turns.`,
  )
  console.log(`${machine()}.\n`)
  for (const line of missingOf([shodan, jq])) console.log(`${line}\n`)
  for (const input of ['plain', 'gzip'] as const) {
    const file = input === 'plain' ? plain : packed
    const taking = peers.filter((peer) => peer.inputs.includes(input))
    const results = new Map<Peer, Run[]>(taking.map((peer) => [peer, []]))
    for (let turn = 0; turn < runs; turn++) {
      for (const [peer, list] of results) {
        const target = join(folder, 'target')
        console.error(`${input}, run ${turn + 1} of ${runs}: ${peer.name}`)
        list.push(await run(peer.command(file, target, input), folder))
        rmSync(target, { recursive: true, force: true })
      }
    }
    console.log(`${table(input, results)}\n`)
  }
}

const megabytes = (file: string): string => `${Math.round(statSync(file).size / 1e6).toLocaleString('en')} MB`

function table(input: Input, results: ReadonlyMap<Peer, readonly Run[]>): string {
  const own = median((results.get(census) ?? []).map((result) => result.seconds))
  const rows = [...results].map(([peer, list]) => {
    const seconds = list.map((result) => result.seconds)
    return [
      peer.name,
      median(seconds).toFixed(2),
      Math.min(...seconds).toFixed(2),
      Math.max(...seconds).toFixed(2),
      median(list.map((result) => result.processorSeconds)).toFixed(2),
      Math.max(...list.map((result) => result.peakMiB)).toFixed(0),
      (median(seconds) / own).toFixed(2),
    ]
  })
  const header = [input, 'median s', 'min s', 'max s', 'processor s', 'peak MiB', 'time ÷ census']
  return `${markdownTable(header, rows)}\n\n${verdicts(results, own).join('\n')}`
}

/** The ratios that are promised, and what they came to. */
function verdicts(results: ReadonlyMap<Peer, readonly Run[]>, own: number): string[] {
  const secondsOf = (peer: Peer): number => median((results.get(peer) ?? []).map((result) => result.seconds))
  const peak = Math.max(...(results.get(census) ?? []).map((result) => result.peakMiB))
  return [
    `- census ÷ DuckDB alone: ${(own / secondsOf(duckdb)).toFixed(2)} (promised: at most 1.7)`,
    ...(results.has(shodan)
      ? [`- shodan parse ÷ census: ${(secondsOf(shodan) / own).toFixed(2)} (promised: at least 4)`]
      : []),
    ...(results.has(jq) ? [`- jq ÷ census: ${(secondsOf(jq) / own).toFixed(2)} (promised: at least 3)`] : []),
    `- peak memory of census: ${peak.toFixed(0)} MiB (promised: under 1,024)`,
  ]
}

await benchmark(
  'npm run bench:import [-- --records N --runs N --seed N]',
  Number.isInteger(records) && records >= 1 && Number.isInteger(runs) && runs >= 1,
  measure,
)
