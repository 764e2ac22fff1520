import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine, markdownTable, median, quoted, run, type Run } from './measure.ts'

const here = (path: string): string => quoted(fileURLToPath(new URL(path, import.meta.url)))
const node = quoted(process.execPath)
const snapshots = 5

/**
 * A report of a series with all its files, as a whole process: of five snapshots with so many endpoints together, and of one with
 * as many alone. Places, services and products were decided by a report before it.
 */
export async function measureFull(folder: string, endpoints: number, runs: number, seed: number): Promise<void> {
  console.log(`A report with all files, the process as a whole: median of ${runs} runs, ${machine()}.\n`)
  const kinds = [
    { name: `${snapshots} snapshots`, of: snapshots },
    { name: '1 snapshot', of: 1 },
  ]
  const rows: string[][] = []
  for (const { name, of } of kinds) {
    const store = join(folder, `full-${of}`)
    const ids = Array.from({ length: of }, (_, index) => `night-${index + 1}`)
    const count = Math.ceil(endpoints / of)
    for (const [index, id] of ids.entries()) {
      console.error(`making ${id} of ${count} endpoints …`)
      const generate = `${node} --import tsx ${here('generate-shodan.ts')} /dev/stdout --slim --count ${count} --seed ${seed + index}`
      const load = `${node} ${here('../dist/cli.js')} import - --format shodan --store ${quoted(store)} --id ${id} --quiet`
      await run(`${generate} | ${load}`, folder)
      await run(report(store, join(folder, 'first'), `--snapshot ${id} --by region`), folder)
    }
    const asked = of === 1 ? '' : `--snapshots ${ids.join(',')}`
    const measured: Run[] = []
    for (let turn = 0; turn < runs; turn++) {
      console.error(`${name}, run ${turn + 1} of ${runs}`)
      measured.push(await run(report(store, join(folder, 'out'), asked), folder))
    }
    const medianOf = (pick: (each: Run) => number): number => median(measured.map(pick))
    rows.push([
      `${name}, ${endpoints.toLocaleString('en')} endpoints`,
      medianOf(({ seconds }) => seconds).toFixed(1),
      medianOf(({ processorSeconds }) => processorSeconds).toFixed(1),
      Math.max(...measured.map(({ peakMiB }) => peakMiB)).toFixed(0),
    ])
  }
  console.log(
    `${markdownTable(['report', 'median s (promised: under 15)', 'processor s', 'peak MiB (promised: under 2,048)'], rows)}\n`,
  )
}

const report = (store: string, out: string, options: string): string =>
  `rm -rf ${quoted(out)}; ${node} ${here('../dist/cli.js')} report --store ${quoted(store)} --out ${quoted(out)} --quiet ${options}`
