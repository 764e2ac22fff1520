/** What adds addresses to a region and service from one snapshot to the next. Each has a sentence in docs/method.md. */
export const gains = ['new', 'opened', 'appeared', 'coverageGained', 'movedIn', 'rePlacedIn'] as const
/** What takes them away: the same, the other way round. */
export const losses = ['gone', 'closed', 'vanished', 'coverageLost', 'movedOut', 'rePlacedOut'] as const
/** What became of addresses. Relabelled are among those that stayed. */
export const changeKinds = [...gains, ...losses, 'stayed', 'relabelled'] as const
export type ChangeKind = (typeof changeKinds)[number]

/** Addresses by what became of them: old = stayed + losses, new = stayed + gains. */
export type Change = Readonly<Record<ChangeKind, number>>

/** What became of a region's addresses with a service. `region` is the country's code for its total, `unknown` without a region. */
export interface RegionChange {
  readonly country: string
  readonly region: string
  readonly service: string
  readonly change: Change
}

export const noChange: Change = Object.fromEntries(changeKinds.map((kind) => [kind, 0])) as Record<ChangeKind, number>
