import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { markdownTable, median, quoted, run, type Run } from './measure.ts'

/** One asker, as a line of a table. */
export interface Row {
  readonly seconds: number
  /** Of the last number in what was found. */
  readonly perSecond: number
  readonly cells: readonly string[]
}

/** Runs a shell command so often; the last line it says on standard error is what it found. */
export async function row(name: string, shell: string, folder: string, times: number): Promise<Row> {
  const runs: (Run & { readonly found: string })[] = []
  for (let nth = 0; nth < times; nth++) {
    const said = join(folder, 'said.txt')
    const one = await run(`{ ${shell}; } 2> ${quoted(said)}`, folder)
    runs.push({ ...one, found: readFileSync(said, 'utf8').trim().split('\n').at(-1) ?? '' })
  }
  const seconds = median(runs.map((each) => each.seconds))
  const found = median(runs.map((each) => Number(/(\d+)\D*$/.exec(each.found)?.[1])))
  return {
    seconds,
    perSecond: found / seconds,
    cells: [
      name,
      `${seconds.toFixed(1)} s`,
      `${median(runs.map((each) => each.processorSeconds)).toFixed(1)} s`,
      `${Math.round(median(runs.map((each) => each.peakMiB)))} MiB`,
      [...new Set(runs.map((each) => each.found))].join('; '),
    ],
  }
}

export function print(title: string, rows: readonly Row[], lines: readonly string[]): void {
  const header = [title, 'time', 'processor', 'peak memory', 'found']
  console.log(
    markdownTable(
      header,
      rows.map(({ cells }) => cells),
    ),
  )
  console.log(['', ...lines.map((line) => `- ${line}`), ''].join('\n'))
}

/** What is found a second, against another. */
export const rateRatio = (a: Row | undefined, b: Row | undefined): string =>
  ((a?.perSecond ?? Number.NaN) / (b?.perSecond ?? Number.NaN)).toFixed(2)

/** How many times as long it takes as another. */
export const ratio = (a: Row | undefined, b: Row | undefined): string =>
  ((a?.seconds ?? Number.NaN) / (b?.seconds ?? Number.NaN)).toFixed(2)
