import stringWidth from 'string-width'
import type { Progress } from '../pipeline/import.ts'
import type { ProbeProgress } from '../pipeline/probe.ts'
import { fit, grouped, printable } from '../reports/text.ts'

/** What every command is given beside its own options. */
export interface Global {
  readonly store: string
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly progress: boolean
}

/** Where a command writes: results to stdout, everything else to stderr. */
export interface Console {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether stderr is a terminal: progress is for terminals only. */
  readonly terminal: boolean
  /** Whether stdout is a terminal. */
  readonly interactive: boolean
}

/** Prints a result: lines of text, or the one JSON document of `--json`. */
export function printResult(console: Console, global: Global, lines: readonly string[], json: unknown): void {
  if (global.json) console.out(`${JSON.stringify(json, null, 2)}\n`)
  else if (!global.quiet) console.out(lines.map((line) => `${printable(line)}\n`).join(''))
}

export const warn = (console: Console, warning: string): void => console.err(`census: ${printable(warning)}\n`)

/** The names of a comma-separated LIST. */
export const list = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')

/** One less than a terminal's columns, so that no line wraps. */
const lineWidth = 79

/** The line before is covered by spaces, not by an escape code, which NO_COLOR and plain terminals do not want. */
const over = (text: string): string => text + ' '.repeat(lineWidth - stringWidth(text))

/** A line on the terminal that is written over: records, MB/s, and the time left where the size is known. */
export function progressLine(
  console: Console,
  global: Global,
  now: () => number = Date.now,
): {
  readonly show: (progress: Progress) => void
  /** A search engine is being asked. */
  readonly ask: (progress: { readonly done: number; readonly planned: number; readonly what: string }) => void
  /** So many records are being counted. */
  readonly count: (records: number) => void
  /** Addresses are being probed. */
  readonly probe: (progress: ProbeProgress) => void
  readonly clear: () => void
} {
  if (!console.terminal || !global.progress || global.quiet)
    return {
      show: () => undefined,
      ask: () => undefined,
      count: () => undefined,
      probe: () => undefined,
      clear: () => undefined,
    }
  const began = now()
  let shown = false
  let shownAt = 0
  let first: ProbeProgress | undefined
  const write = (text: string): void => {
    console.err(`\r${over(fit(text, lineWidth))}`)
    shown = true
  }
  return {
    show: (progress) => {
      const seconds = Math.max(0.001, (now() - began) / 1000)
      const rate = progress.bytesRead / seconds
      const left =
        progress.bytesTotal === undefined || progress.records === 0
          ? undefined
          : Math.ceil((progress.bytesTotal - progress.bytesRead) / rate)
      write(
        `${progress.isReckoned ? 'about ' : ''}${grouped(progress.records)} records, ${(rate / 1e6).toFixed(1)} MB/s${left === undefined ? '' : `, ${left} s left`}  ${printable(progress.file)}`,
      )
    },
    ask: ({ done, planned, what }) => write(`asking ${done} of ${planned}: ${printable(what)}`),
    count: (records) => write(`counting ${grouped(records)} records`),
    probe: (progress) => {
      if (now() - shownAt < 250) return
      shownAt = now()
      first ??= progress
      const { done, size, answered, inFlight, begun } = progress
      const seconds = Math.max(0.001, (now() - began) / 1000)
      const left = done === first.done ? undefined : Math.ceil(((size - done) * seconds) / (done - first.done))
      write(
        `${grouped(done)} of ${grouped(size)} targets, ${grouped(answered)} answered, ${grouped(Math.round(begun / seconds))}/s, ${grouped(inFlight)} under way${left === undefined ? '' : `, ${grouped(left)} s left`}`,
      )
    },
    clear: () => {
      if (shown) console.err(`\r${over('')}\r`)
      shown = false
    },
  }
}
