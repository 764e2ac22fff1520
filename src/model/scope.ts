import type { AddressNumber, AddressRange, AddressSet } from './address-set.ts'

/** How far a scope covers what is where it is: only of all of a region can rates per head be told. */
export const coverages = ['complete', 'partial'] as const
/** Where the prober stands: inside of the networks it asks, servers may trust it more than they trust the Internet. */
export const vantages = ['outside', 'inside'] as const

/** A range its owner lets be asked. */
export interface ScopeRange extends AddressRange {
  /** ISO 3166-2 code, where the owner knows it. */
  readonly region?: string
  readonly owner?: string
}

/** What may be asked, by whose authority, from when to when, and how fast. Everything else may not. */
export interface Scope {
  readonly owner: string
  /** Where to complain: an address or a page. It is told to whoever is asked, where the protocol has room for it. */
  readonly contact: string
  readonly authorisation: string
  /** Milliseconds since 1970; `to` included. */
  readonly valid: { readonly from: number; readonly to: number }
  /** Whether private ranges are among them. */
  readonly isPrivate: boolean
  readonly coverage: (typeof coverages)[number]
  readonly vantage: (typeof vantages)[number]
  /** Ascending; no two overlap. */
  readonly ranges: readonly ScopeRange[]
  /** All ranges together. */
  readonly declared: AddressSet
  /** Exclusions and opt-outs: they win. */
  readonly excluded: AddressSet
  /** What may be asked: declared and not excluded. */
  readonly targets: AddressSet
  /** Connections and datagrams in any second: in all, and to any one /24 or /64. */
  readonly rate: { readonly perSecond: number; readonly perPrefix: number }
  /** A domain of the operator's that no target hosts or relays for: recipients of the open-relay check. */
  readonly relayDomain?: string
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string
}

/** The range that holds an address. */
export function rangeOf({ ranges }: Pick<Scope, 'ranges'>, address: AddressNumber): ScopeRange | undefined {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    const range = ranges[middle]
    if (range === undefined || address < range.first) high = middle
    else if (address > range.last) low = middle + 1
    else return range
  }
  return undefined
}
