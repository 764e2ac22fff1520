import type { Discovery, DiscoveryTool } from '../model/discovery.ts'
import { fit, grouped, table, terminalWidth, wrapped } from './text.ts'

/** What a first stage would send. */
export interface PlannedDiscovery {
  readonly tool: DiscoveryTool
  /** As it would be started, in a folder that has the files they name; again for each time that is asked again. */
  readonly commands: readonly string[]
  readonly packets: number
  readonly seconds: number
}

/** What a probe would send, and how long it would take at the scope's rates. */
export interface PlannedProbe {
  readonly addresses: number
  readonly excluded: number
  readonly doors: readonly string[]
  readonly checks: readonly string[]
  readonly targets: number
  /** Connections and datagrams begun at most, checks too, each asked again as often as a silent one is. */
  readonly begun: { readonly least: number; readonly most: number }
  /** When none and when all are asked again. */
  readonly seconds: { readonly least: number; readonly most: number }
  readonly rate: { readonly perSecond: number; readonly perPrefix: number }
  readonly discovery?: PlannedDiscovery
}

/** A plan in a terminal of 80 columns. */
export function probePlanLines(plan: PlannedProbe): string[] {
  const { begun, seconds, rate, discovery } = plan
  const span = ({ least, most }: PlannedProbe['begun'], what: string): string =>
    `${grouped(least)} ${least === most ? '' : `to ${grouped(most)} `}${what}`
  return [
    `${grouped(plan.addresses)} addresses (${grouped(plan.excluded)} of the ranges excluded) at ${plan.doors.length} doors: ${grouped(plan.targets)} targets.`,
    ...wrapped(`Doors: ${plan.doors.join(', ')}.`, terminalWidth),
    ...(plan.checks.length === 0 ? [] : wrapped(`Checks: ${plan.checks.join(', ')}.`, terminalWidth)),
    ...(discovery === undefined
      ? []
      : [
          ...wrapped(`First: ${discovery.commands[0]}${others(discovery.commands.length - 1)}`, terminalWidth),
          `${grouped(discovery.packets)} SYNs, about ${grouped(discovery.seconds)} s; then, where a port is open or was not asked:`,
        ]),
    `${span(begun, 'connections and datagrams')}, at most ${grouped(rate.perSecond)} a second`,
    `and ${grouped(rate.perPrefix)} a second to any /24 or /64: about ${span(seconds, 's')}.`,
    'Nothing was sent.',
  ]
}

const others = (count: number): string => (count === 0 ? '' : `, and ${count} more for the other ports`)

/** What is told of a finished probe; its manifest has it. */
export interface ProbedFacts {
  readonly addresses: number
  readonly excluded: number
  readonly targets: number
  readonly begun: number
  readonly seed: number
  readonly coverage: string
  readonly discovery?: Discovery | undefined
  readonly statuses: Readonly<Record<string, number | undefined>>
}

export function probedLines(id: string, facts: ProbedFacts, statuses: Readonly<Record<string, string>>): string[] {
  return [
    fit(
      `Snapshot ${id}: ${grouped(facts.addresses - facts.excluded)} addresses probed, seed ${facts.seed}.`,
      terminalWidth,
    ),
    `${grouped(facts.targets)} targets, ${grouped(facts.begun)} connections and datagrams in the last run.`,
    ...(facts.discovery === undefined ? [] : wrapped(discoveryLine(facts.discovery), terminalWidth)),
    '',
    ...table(
      [
        { title: 'Targets', align: 'right' },
        { title: 'Status', align: 'left' },
        { title: 'Meaning', align: 'left', maxWidth: 56 },
      ],
      Object.entries(statuses)
        .filter(([status]) => facts.statuses[status] !== undefined)
        .map(([status, meaning]) => [grouped(facts.statuses[status] ?? 0), status, meaning]),
    ),
  ]
}

const discoveryLine = ({ tool, version, runs, rate, asked, open, refused, dropped }: Discovery): string =>
  `First ${tool} ${version} sent ${runs} SYN${runs === 1 ? '' : 's'} to each of ${grouped(asked)} TCP ports, ${rate} a second: ${grouped(open)} open, ${grouped(refused)} refused, the others told as silent. What was lost on the way is among those.` +
  (dropped === 0 ? '' : ` ${grouped(dropped)} answers of no target were dropped.`)
