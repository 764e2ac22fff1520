/** Programs that can ask for open ports before anything is connected to. */
export const discoveryTools = ['masscan', 'zmap'] as const
export type DiscoveryTool = (typeof discoveryTools)[number]

/** What a first stage was, and what it told. */
export interface Discovery {
  readonly tool: DiscoveryTool
  readonly version: string
  /** How often each port was sent a SYN. */
  readonly runs: number
  /** Packets a second, as it was handed over. */
  readonly rate: number
  /** Of the first run; the next one's is one more. */
  readonly seed: number
  /** TCP ports of IPv4 addresses. */
  readonly asked: number
  readonly open: number
  readonly refused: number
  /** Answers it told of that are of no target: dropped. */
  readonly dropped: number
}
