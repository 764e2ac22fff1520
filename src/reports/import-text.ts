import { grouped, printable, table } from './text.ts'

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
  readonly placedAddresses: Readonly<Record<string, number | undefined>>
  readonly defaultGeolocationAddresses: number
  readonly suspectAddresses: number
}

/** The accounting of an import: what came in, what was kept, and by which means addresses were placed. */
export function importLines(facts: ImportFacts): string[] {
  const { accounting } = facts
  const list = (counts: Readonly<Record<string, number | undefined>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${grouped(count ?? 0)} ${name}`)
      .join(', ')
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
    ...(accounting.rejected === 0 ? [] : [`rejected: ${list(accounting.rejectedByReason)}`]),
    `outcomes: ${list(accounting.keptByOutcome) || 'none'}${accounting.undated === 0 ? '' : `; ${grouped(accounting.undated)} undated`}`,
    `addresses placed by: ${list(facts.placedAddresses) || 'none'}`,
    ...(facts.defaultGeolocationAddresses === 0
      ? []
      : [
          `${grouped(facts.defaultGeolocationAddresses)} addresses sit where databases put what they do not know better`,
        ]),
    ...(facts.suspectAddresses === 0
      ? []
      : [`${grouped(facts.suspectAddresses)} addresses are suspect (over 100 ports, or tagged honeypot)`]),
  ]
}
