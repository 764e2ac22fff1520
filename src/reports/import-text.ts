import { counted, grouped, printable, table } from './text.ts'

/** What an import says of itself; its manifest has it. */
export interface ImportFacts {
  readonly id: string
  readonly inputs: readonly {
    readonly name: string
    readonly format: string
    readonly records: number
    readonly rejected: number
  }[]
  readonly accounting: {
    readonly in: number
    readonly kept: number
    readonly repeats: number
    readonly rejected: number
    readonly undated: number
    readonly rejectedByReason: Readonly<Record<string, number | undefined>>
    readonly keptByOutcome: Readonly<Record<string, number | undefined>>
  }
}

/** The accounting of an import: what came in, and what was kept. */
export function importLines(facts: ImportFacts): string[] {
  const { accounting } = facts
  return [
    `Snapshot ${printable(facts.id)}`,
    ...table(
      [
        { title: 'Input', align: 'left', maxWidth: 40 },
        { title: 'Format', align: 'left' },
        { title: 'Records', align: 'right' },
        { title: 'Rejected', align: 'right' },
      ],
      facts.inputs.map((input) => [input.name, input.format, grouped(input.records), grouped(input.rejected)]),
    ),
    '',
    `${grouped(accounting.in)} in = ${grouped(accounting.kept)} kept + ${grouped(accounting.repeats)} repeats + ${grouped(accounting.rejected)} rejected`,
    ...(accounting.rejected === 0 ? [] : [`rejected: ${counted(accounting.rejectedByReason)}`]),
    `outcomes: ${counted(accounting.keptByOutcome) || 'none'}${accounting.undated === 0 ? '' : `; ${grouped(accounting.undated)} undated`}`,
  ]
}
