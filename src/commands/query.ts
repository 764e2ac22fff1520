import { exitCodes, wrongInput, type ExitCode } from '../model/errors.ts'
import type { Cell } from '../model/cell.ts'
import { query, type Queried, type QueryRequest } from '../pipeline/query.ts'
import { answerCsv, answerHeader, answerJson, answerLines } from '../reports/answer.ts'
import { grouped } from '../reports/text.ts'
import { progressLine, warn, type Console, type Global } from './output.ts'

export interface QueryOptions {
  readonly snapshot?: string
  readonly format: string
  readonly maxSeconds: number
  readonly maxMemory: number
  readonly regionTables?: string
  readonly addressDatabase?: string
}

/** Rows of a printed table; CSV and JSON have all. */
const mostPrinted = 1000

const printers: Readonly<Record<string, (answer: Queried, console: Console) => Promise<void>>> = {
  table: printTable,
  csv: async ({ columns, batches }, console) => {
    console.out(answerHeader(columns))
    for await (const rows of batches) console.out(rows.map((row) => answerCsv(columns, row)).join(''))
  },
  json: async ({ columns, batches }, console) => {
    let before = '['
    for await (const rows of batches) {
      console.out(before + rows.map((row) => `\n  ${answerJson(columns, row)}`).join(','))
      before = ','
    }
    console.out(before === '[' ? '[]\n' : '\n]\n')
  },
}

/** `census query SQL`: a question of one's own, of a snapshot and what belongs to it. */
export async function queryCommand(
  sql: string,
  options: QueryOptions,
  global: Global,
  console: Console,
): Promise<ExitCode> {
  const { format, maxSeconds: seconds, maxMemory: memory, ...rest } = options
  const print = Object.hasOwn(printers, format) ? printers[global.json ? 'json' : format] : undefined
  if (print === undefined)
    throw wrongInput(`there is no format ${JSON.stringify(format)}`, `formats: ${Object.keys(printers).join(', ')}`)
  const progress = progressLine(console, global)
  const request: QueryRequest = { ...rest, sql, seconds, memory, store: global.store, onCounting: progress.count }
  const answer = await query(request).finally(() => progress.clear())
  try {
    await print(answer, global.quiet && !global.json ? { ...console, out: () => undefined } : console)
  } finally {
    await answer.close()
  }
  for (const what of answer.missing) warn(console, `the snapshot is partial: ${what}`)
  return answer.missing.length === 0 ? exitCodes.done : exitCodes.partial
}

async function printTable({ columns, batches }: Queried, console: Console): Promise<void> {
  const rows: (readonly Cell[])[] = []
  for await (const batch of batches) {
    rows.push(...batch.slice(0, mostPrinted + 1 - rows.length))
    if (rows.length > mostPrinted) break
  }
  console.out(
    answerLines(columns, rows.slice(0, mostPrinted))
      .map((line) => `${line}\n`)
      .join(''),
  )
  if (rows.length > mostPrinted)
    warn(console, `the first ${grouped(mostPrinted)} rows are shown; --format csv gives all`)
}
