import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine, markdownTable, median, quoted, run, type Run } from './measure.ts'

const here = (path: string): string => quoted(fileURLToPath(new URL(path, import.meta.url)))
const node = quoted(process.execPath)
const snapshots = 5

/**
 * A report of five snapshots with all its files, as a whole process. Places, services and products were decided by a report of
 * each before it.
 * @param folder where the snapshots are made, unless they are there
 * @param endpoints of the snapshots together
 */
export async function measureFull(folder: string, endpoints: number, runs: number, seed: number): Promise<void> {
  const store = join(folder, 'series')
  const ids = Array.from({ length: snapshots }, (_, index) => `night-${index + 1}`)
  const count = Math.ceil(endpoints / snapshots)
  for (const [index, id] of ids.entries()) {
    if (existsSync(join(store, 'snapshots', id))) continue
    console.error(`making ${id} of ${count} endpoints …`)
    const generate = `${node} --import tsx ${here('generate-shodan.ts')} /dev/stdout --slim --count ${count} --seed ${seed + index}`
    const load = `${node} ${here('../dist/cli.js')} import - --format shodan --store ${quoted(store)} --id ${id} --quiet`
    await run(`${generate} | ${load}`, folder)
    await run(report(store, join(folder, 'first'), `--snapshot ${id} --by region`), folder)
  }
  const measured: Run[] = []
  for (let turn = 0; turn < runs; turn++) {
    console.error(`all files, run ${turn + 1} of ${runs}`)
    measured.push(await run(report(store, join(folder, 'out'), `--snapshots ${ids.join(',')}`), folder))
  }
  const medianOf = (pick: (each: Run) => number): string => median(measured.map(pick)).toFixed(1)
  const peak = Math.max(...measured.map(({ peakMiB }) => peakMiB))
  console.log(
    `A report with all its files, the process as a whole, of ${snapshots} snapshots with ${endpoints.toLocaleString('en')} endpoints together: median of ${runs} runs, ${machine()}.\n`,
  )
  console.log(
    `${markdownTable(
      ['s (promised: under 15)', 'processor s', 'peak MiB (promised: under 2,048)'],
      [[medianOf(({ seconds }) => seconds), medianOf(({ processorSeconds }) => processorSeconds), peak.toFixed(0)]],
    )}\n`,
  )
}

const report = (store: string, out: string, options: string): string =>
  `rm -rf ${quoted(out)}; ${node} ${here('../dist/cli.js')} report --store ${quoted(store)} --out ${quoted(out)} --quiet ${options}`
