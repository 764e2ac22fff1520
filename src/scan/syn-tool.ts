import { isOfIPv4, type AddressNumber, type AddressSet } from '../model/address-set.ts'
import type { Scope } from '../model/scope.ts'

/* What a program that sends SYNs is told, and tells: all that one of them has to say of itself. */

/** What it is to ask. */
export interface SynScan {
  readonly scope: Scope
  readonly ports: readonly number[]
  readonly seed: number
  /** How long answers to the last packet are waited for. */
  readonly connectMs: number
}

/** What it told of a port. */
export interface Told {
  readonly isOpen: boolean
  readonly address: string
  readonly port: number
}

/** A program of Debian’s, whose package has its name. */
export interface SynTool {
  /** Finds the version in what `--version` says. */
  readonly version: RegExp
  /** The rate below which it cannot be held to it. */
  readonly leastRate: number
  /** @throws CensusError exit 2 where it would not do as it is told on this machine */
  readonly check: () => Promise<void>
  /** What is in the folder it is started in: names and contents. @throws what `check` throws */
  readonly files: (scope: Scope) => Promise<Readonly<Record<string, string>>>
  /** The commands that ask every port once, one after another; words are parted by single spaces. */
  readonly commands: (scan: SynScan) => readonly string[]
  /** What a line of its list tells; undefined for one that tells nothing. */
  readonly toldIn: (line: string) => Told | undefined
  /** Lines on standard error that are no reason to fail: progress and advice. */
  readonly chatter: RegExp
  /** What it says on standard error when it is done, where it may go on for ever. */
  readonly overdue?: RegExp
}

export const [targetsFile, excludedFile] = ['targets.txt', 'excluded.txt']

/**
 * Packets a second: half of what the scope allows any one prefix, of which it knows nothing. It goes faster than it is
 * told, and catches up what it missed while it was held up: together, up to twice as much in a second.
 */
export const synRate = ({ rate }: Pick<Scope, 'rate'>): number =>
  Math.floor(Math.min(rate.perSecond, rate.perPrefix) / 2)

/** How long it waits for answers after its last packet. */
export const waitSeconds = ({ connectMs }: Pick<SynScan, 'connectMs'>): number =>
  Math.max(2, Math.ceil(connectMs / 1000))

/** How many addresses of a set are of IPv4. */
export const countOfIPv4 = ({ ranges }: AddressSet): number =>
  ranges.reduce((sum, { first, last }) => sum + (isOfIPv4(first) ? Number(last - first) + 1 : 0), 0)

/** The IPv4 ranges of a set, a line each. */
export const rangeLines = (
  { ranges }: AddressSet,
  line: (first: AddressNumber, last: AddressNumber) => string,
): string =>
  ranges
    .filter(({ first }) => isOfIPv4(first))
    .map(({ first, last }) => line(first, last))
    .join('')
